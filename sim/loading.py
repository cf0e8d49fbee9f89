"""loading: things of the user's own that a config names as "module:Class". Nothing has to be registered."""

import os
import sys
from importlib import import_module
from typing import Any

from interalign.errors import ConfigError

__all__ = ["load_object"]


def load_object(name: str, key: str) -> Any:
    """What "module:Class" names; modules are also looked for in the working directory.

    Raises:
        ConfigError: there is no such module, or nothing of that name in it; `key` is the key that named it.
    """
    module_name, colon, class_name = name.partition(":")
    if not (colon and module_name.strip(".") == module_name and module_name and class_name):
        raise ConfigError(f"{key} = {name!r} is not of the form 'module:Class'")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return getattr(import_module(module_name), class_name)
    except ImportError as error:
        raise ConfigError(f"{key} = {name!r}: the module cannot be imported ({error})") from None
    except SyntaxError as error:
        raise ConfigError(f"{key} = {name!r}: {error.filename}, line {error.lineno}: {error.msg}") from None
    except AttributeError:
        raise ConfigError(f"{key} = {name!r}: the module has no {class_name!r}") from None
