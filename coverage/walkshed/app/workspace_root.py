"""Where private studies lie on this machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from walkshed.errors import InputError
from walkshed.files import unwritable

ROOT_VARIABLE: Final = "WALKSHED_WORKSPACE"


def root() -> Path:
    """Return the folder of all private studies, readable by this program's user alone.

    ``WALKSHED_WORKSPACE`` names it; else it lies in the system's folder for temporary files.

    Raises
    ------
    InputError
        If it cannot be made, or belongs to somebody else.
    """
    named = os.environ.get(ROOT_VARIABLE)
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(named) if named else Path(tempfile.gettempdir()) / f"walkshed-workspace-{user}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not named:  # anybody may have put a folder, or a link, of that name there before us
            facts = folder.lstat()
            if folder.is_symlink() or (hasattr(os, "getuid") and facts.st_uid != os.getuid()):
                raise InputError("workspace_foreign", where=str(folder))
            folder.chmod(0o700)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder.resolve()
