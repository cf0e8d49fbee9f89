"""data: the profiles and personalities that ship with interalign (JSON Lines; schema: interalign.agents.Profile, Personality)."""
