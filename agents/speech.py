"""speech: what can be told of a message without a model: whether it says goodbye, or anything at all, or the same again.

English only, and careful rather than complete: each rule would rather miss a case than see one that is not there.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

__all__ = ["content_words", "is_stalled", "near_identical", "says_goodbye", "telling_words", "words"]

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FUNCTION_WORDS = """
    a about above after again all already also although always am an and another any anyway are aren't around as at away back
    be because been before being below between both but by can can't cannot could couldn't did didn't do does doesn't doing
    don't down during each either else even ever every few for from further get gets getting go goes going gone got had hadn't
    has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how how's i i'd i'll i'm
    i've if in into is isn't it it's its itself just let let's like lot lots made make makes many may maybe me might mine more
    most much must my myself neither never no nor not now of off often oh on once one ones only onto or other our ours
    ourselves out over own perhaps quite rather really same say says she she'd she'll she's should shouldn't since so some
    something sometimes still such sure than that that's the their theirs them themselves then there there's these they
    they'd they'll they're they've thing things this those though through to too toward towards under until up upon us very was
    wasn't we we'd we'll we're we've well were weren't what what's when when's where which while who who's whom whose why will
    with within without won't would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves"""
_FUNCTION = frozenset(_FUNCTION_WORDS.split())
_IDLE_WORDS = """
    ah aha alright cool definitely eh exactly fine good great ha haha hello hey hi hm hmm hmmm huh indeed interesting know mm
    mhm mmm nah nice nope ok okay okey please right see sorry sounds suppose thank thanks think totally true uh um wow yeah yep
    yup"""
"""Words that carry a conversation on without adding to it."""

_LED = r"(?:ok|okay|well|alright|anyway|right|so|and|but|thanks|thank you|cheers)\b(?: so much| a lot| again)?"
_NAME = r"(?:for now|then|now|all|everyone|everybody|friend|my friend|(?:my )?dear|mate|buddy|pal|(?-i:[A-Z])\w+)"
_LATER = r"(?:again |you )?(?:later|soon|around|tomorrow|then|next (?:time|week)|on \w+day)"
_FAREWELLS = (
    r"good ?bye|bye(?:[- ]bye)?|farewell|cheerio|so long|ciao|adieu|good ?night|ttyl",
    rf"(?:i'll |we'll )?(?:see|catch|talk to|speak to) (?:you|ya) {_LATER}",
    rf"(?:i'll |we'll |let's )?(?:talk|speak|chat) (?:to you )?{_LATER}",
    r"see (?:you|ya)|until (?:next time|then|tomorrow)|take care(?: of yourself)?",
    r"(?:have|enjoy) (?:a|the rest of your) ?(?:good|great|nice|lovely|wonderful|pleasant)? (?:day|evening|night|one|weekend)",
    r"(?:i(?:'ve| have)? |i'd )?(?:got to|gotta|have to|must|need to|should|better) "
    r"(?:go|run|leave|be off|head (?:out|off)|sign off)",
    r"(?:it(?:'s| is) )?time (?:for me )?to (?:go|leave|sign off)",
)
_FAREWELL = re.compile(rf"(?:{_LED}[, ]*)*(?:{'|'.join(_FAREWELLS)})(?:,? {_NAME})*", re.IGNORECASE)
_ENDINGS = (("ies", "y"), ("ily", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", ""), ("e", ""))
_CLAUSE = re.compile(r"[.!?;:,\n\u2013\u2014\u2026]+|\s+-\s+|[^\w\s'\u2019,.!?;:-]+")
_ENDING = 400
"""Characters at the end of a message in which a farewell is looked for."""
_SAME = 0.8
"""Share of common words from which two messages say the same."""


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case, with a plain apostrophe."""
    return tuple(_WORD.findall(text.lower().replace("\u2019", "'")))


@lru_cache(maxsize=8192)
def telling_words(text: str) -> tuple[str, ...]:
    """The words that say what a text is about, each once."""
    return tuple(dict.fromkeys(word for word in words(text) if word not in _FUNCTION))


@lru_cache(maxsize=8192)
def content_words(text: str) -> frozenset[str]:
    """The stems of these words, roughly: "keeps" and "keeping" are "keep"."""
    return frozenset(_stem(word) for word in telling_words(text))


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(rest) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + rest
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


@cache
def _idle() -> frozenset[str]:
    return frozenset(_stem(word) for word in _IDLE_WORDS.split())


def says_goodbye(text: str) -> bool:
    """Whether a message takes leave: one of its last two clauses is a farewell, whole."""
    end = text[-_ENDING:].replace("\u2019", "'")
    clauses = [clause.strip() for clause in _CLAUSE.split(end)[len(text) > _ENDING :] if clause.strip()]
    return any(_FAREWELL.fullmatch(clause) for clause in clauses[-2:])


def near_identical(one: str, other: str) -> bool:
    """Whether two messages have nearly the same words."""
    a, b = frozenset(words(one)), frozenset(words(other))
    return a == b if not (a and b) else len(a & b) / len(a | b) >= _SAME


def is_stalled(said: Sequence[str], messages: int) -> bool:
    """Whether the last `messages` of what somebody said bring nothing new: they have no content ("ok, I see"), or repeat an
    earlier one."""
    if messages < 1 or len(said) < messages:
        return False
    first = len(said) - messages
    return all(
        not (content_words(said[place]) - _idle())
        or any(near_identical(said[place], former) for former in said[:place])
        for place in range(first, len(said))
    )
