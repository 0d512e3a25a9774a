"""Starts the SCons of the Python environment in which PlatformIO runs."""

import sys

try:
    import SCons.Script
except ImportError:
    sys.exit("SCons is not installed beside PlatformIO: run 'pip install scons==4.11.1'")

SCons.Script.main()
