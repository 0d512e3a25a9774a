"""The verb `hil virtual`: a virtual Nucleo as a serial port. I/O."""

import argparse

from firmware.targets import DEFAULT_TARGET, load_real_target
from hil.option_values import count, fraction, seconds, tcp_port
from hil.virtual.line_faults import LineFaults
from hil.virtual.machine import nucleo_machine
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Serve a virtual Nucleo until Ctrl-C: its ROM bootloader takes an image, DTR "
        "resets it, RTS selects the bootloader, QEMU runs the firmware. Prints its entry for a "
        "bench file."
    )
    parser.epilog = "example: hil virtual --port 2217 --drop 0.001"
    parser.set_defaults(command=_serve)
    add = parser.add_argument
    add("--target", default=DEFAULT_TARGET, help="chip (%(default)s)")
    add("--port", type=tcp_port, default=0, metavar="TCP", help="TCP port; 0: any free port (0)")
    add(
        "--drop",
        type=fraction,
        default=0.0,
        metavar="FRACTION",
        help="fraction of all bytes that are lost (0)",
    )
    add(
        "--flip",
        type=fraction,
        default=0.0,
        metavar="FRACTION",
        help="fraction of all bytes that are changed (0)",
    )
    add(
        "--delay-s",
        type=seconds,
        default=0.0,
        metavar="S",
        help="delay of each answer, in seconds (0)",
    )
    add("--refuse", action="store_true", help="the bootloader refuses to erase and to write")
    add("--hang", action="store_true", help="the firmware never answers")
    add("--fault", action="store_true", help="the firmware stops in a fault")
    add(
        "--reset-after",
        type=count,
        default=0,
        metavar="N",
        help="reset once, after N bytes of flashing; 0: never (0)",
    )
    add("--seed", type=count, default=0, help="seed of the faults (%(default)s)")


def _serve(arguments: argparse.Namespace) -> None:
    target = load_real_target(arguments.target)
    _ = nucleo_machine(target)
    faults = LineFaults(
        drop=arguments.drop,
        flip=arguments.flip,
        delay_s=arguments.delay_s,
        refuses=arguments.refuse,
        hangs=arguments.hang,
        stops=arguments.fault,
        reset_after=arguments.reset_after,
        seed=arguments.seed,
    )
    with Rfc2217Server(VirtualNucleo(target, faults), arguments.port) as server:
        print(
            f'[board.desk]\ntarget = "{target.name}"\nport = "{server.url}"\nflash = "uart"\n'
            "is_virtual = true",
            flush=True,
        )
        server.wait()
