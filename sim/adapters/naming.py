"""naming: `model = "BASE+FOLDER"`: a base model with a LoRA adapter on top."""

from pathlib import Path

__all__ = ["split_adapter"]


def split_adapter(model: str) -> tuple[str, str | None]:
    """The base model and the adapter's folder; None where there is no adapter.

    Both may have a "+" in them: what is there on the disk decides, and else the first one.
    """
    if "+" not in model or Path(model).expanduser().exists():
        return model, None
    places = [place for place, letter in enumerate(model) if letter == "+" and 0 < place < len(model) - 1]
    if not places:
        return model, None
    there = (place for place in places if Path(model[place + 1 :]).expanduser().exists())
    place = next(there, places[0])
    return model[:place], model[place + 1 :]
