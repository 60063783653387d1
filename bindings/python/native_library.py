"""Puts the native library of KAZASU_LIBRARIES into a wheel, which is then for this platform only."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeLibrary(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        suffix = "dylib" if sys.platform == "darwin" else "so"
        library = Path(os.environ["KAZASU_LIBRARIES"], f"lib{self.config['library']}.{suffix}")
        [package] = self.build_config.packages
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["force_include"][str(library)] = f"{Path(package).name}/{library.name}"
        build_data["pure_python"] = False
        # No Python API is used by the library, so that any Python 3 loads it.
        build_data["tag"] = f"py3-none-{platform}"
