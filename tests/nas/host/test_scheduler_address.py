import socket

import pytest

from firmware.errors import ConfigError
from nas.host.scheduler_address import check_scheduler


@pytest.mark.parametrize(
    "address",
    [
        "garbage",
        "tcp://",
        "http://localhost:8786",
        "tcp://host",
        "host:0",
        "host:99999",
        "a b:1",
        "inproc://1",
        "tcp://host:8786/path",
        "::1:8786",
        "tcp://[::1:8786",
        "",
    ],
)
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(address: str) -> None:
    with pytest.raises(
        ConfigError, match="is not an address of a Dask scheduler such as tcp://gatew"
    ):
        check_scheduler(address)


@pytest.mark.parametrize("prefix", ["tcp://", "tls://", ""])
def test_an_address_where_somebody_listens_is_taken(prefix: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_scheduler(f"{prefix}127.0.0.1:{server.getsockname()[1]}")


def test_an_address_where_nobody_listens_is_told_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ConfigError, match=f"no Dask scheduler answers at '{address}': Connection"):
        check_scheduler(address)
