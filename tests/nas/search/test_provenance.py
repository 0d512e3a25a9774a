import json
import platform
from pathlib import Path

from nas.search.provenance import describe_host, processor_name, versions


def test_a_host_is_described_without_telling_whose_it_is() -> None:
    text = json.dumps(describe_host())
    assert platform.machine() in text
    assert platform.node() not in text


def test_the_processor_is_named_as_each_kernel_tells_it(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\n")
    assert processor_name(info) == "ARMv7 Processor rev 3 (v7l)"
    info.write_text("processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi Zero 2 W\n")
    assert processor_name(info) == "Raspberry Pi Zero 2 W"
    info.write_text("processor\t: 0\n")
    assert processor_name(info) == ""
    assert processor_name(tmp_path / "absent") == ""


def test_versions_of_what_decides_a_result_are_told() -> None:
    own = versions(has_tensorflow=False)
    assert own["python"] == platform.python_version()
    assert {"mcu-nas", "ai-edge-litert", "numpy"} <= own.keys()
    assert "tensorflow" not in own
