"""Describes a board to PlatformIO, for the platform of `--toolchain system`. Pure."""

from firmware.files import json_bytes
from firmware.targets import Target


def platformio_board(target: Target) -> bytes:
    """The JSON of a board; its name is the target's `environment`."""
    page = target.environment.replace("_", "-")
    made = ("ST", f"https://www.st.com/en/evaluation-tools/{page}.html")
    if target.machine:
        made = ("QEMU", "https://www.qemu.org/docs/master/system/target-arm.html")
    vendor, address = made
    return json_bytes(
        {
            "name": target.description,
            "vendor": vendor,
            "url": address,
            "build": {"cpu": target.core, "f_cpu": f"{target.core_hz}L", "mcu": target.name},
            "upload": {
                "maximum_ram_size": target.ram_bytes,
                "maximum_size": target.flash_bytes,
                "protocol": "stlink",
            },
        }
    )
