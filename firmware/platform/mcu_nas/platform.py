"""PlatformIO's entry point to this platform."""

from platformio.public import PlatformBase


class Mcu_nasPlatform(PlatformBase):  # noqa: N801 (the name is PlatformIO's rule)
    """The platform, without additions to PlatformIO's base class."""
