"""The files and commands of docs/service.md do what it says, as far as a machine has what they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import requests

from authority import Authority
from documentation import others
from program import executable, run_program
from sites import free_port
from support import CHECKOUT, TIMEOUT_SECONDS

DOCUMENT = (CHECKOUT / "docs" / "service.md").read_text()


def block(language: str, beginning: str) -> str:
    """Return the only block of a language, none for commands, that begins with a text."""
    found = [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```", DOCUMENT, re.M | re.S) if name == language]
    [text] = [text for text in found if text.startswith(beginning)]
    return text


def run(commands: str, folder: Path) -> str:
    """Run commands below a folder, as the own user and without systemd; return what they print."""
    lines = [line for line in commands.splitlines() if not line.startswith("systemctl")]
    text = "\n".join(lines)
    for pattern, here in (
        (r"^sudo -u node-orchestrator |^chown .*? && |^chown [^&\n]*$|-o node-orchestrator -g node-orchestrator ", ""),
        (r"rsync -aH", "cp -a"),
        (r"/var/lib/node-orchestrator", f"{folder}/data"),
        (r"/srv/|/etc/", f"{folder}/"),
        (r"^node-orchestrator ", f"{executable()} "),
    ):
        text = re.sub(pattern, here, text, flags=re.M)
    result = subprocess.run(
        ["bash", "-euc", text], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, cwd=folder, check=False
    )
    assert result.returncode == 0, f"{text}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture
def start_service(start_program, tmp_path):
    """A function that starts the program with the configuration of the document, its data in the test's folder."""
    text = block("yaml", "listen:").replace("/srv/", f"{tmp_path}/")
    (tmp_path / "node-orchestrator.yaml").write_text(text)
    return lambda: start_program("--config", "node-orchestrator.yaml")


def create(program, hostname: str) -> None:
    """Create a node by the token that the program leaves."""
    answer = requests.post(
        f"{program.url}/ComputeNode",
        json={"hostname": hostname, "architecture": "arm64"},
        headers={"Authorization": f"Bearer {program.token()}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code == 201, answer.text


def hostnames(program) -> list[str]:
    """Return the host names of all nodes."""
    nodes = requests.get(f"{program.url}/ComputeNode", timeout=TIMEOUT_SECONDS).json()
    return sorted(node["hostname"] for node in nodes)


def send_in_pieces(program, url: str, tmp_path: Path) -> None:
    """Send a stream of more than a piece to an address of a program."""
    lines = [f'{{"hostname":"nid{number:06}","architecture":"arm64"}}\n' for number in range(30_000)]
    (tmp_path / "nodes.ndjson").write_text("".join(lines))
    text = block("", "split ").replace("https://inventory.example", url).replace("curl", "curl --cacert inventory.pem")
    answers = run(f"export TOKEN={program.token()}\n{text}", tmp_path)
    assert answers.count('"status":201') == 30_000
    assert answers.count('"failed":0') == 2


def test_an_inventory_is_restored_from_the_copies_of_its_snapshots(start_service, tmp_path):
    first = start_service()
    create(first, "a")
    first.stop()
    run(block("", "install -d -m 0700 /srv"), tmp_path)
    token = first.token()
    shutil.rmtree(tmp_path / "data")
    printed = run(block("", "install -d -o node-orchestrator"), tmp_path)
    assert printed.startswith("the inventory begins with the snapshot ")
    second = start_service()
    assert hostnames(second) == ["a"]
    # Tokens go on, since their secret was kept.
    answer = requests.get(
        f"{second.url}/snapshots", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS
    )
    assert answer.status_code == 200


def test_an_inventory_is_restored_from_a_copy_of_everything(start_service, tmp_path):
    first = start_service()
    for hostname in ("a", "b"):
        create(first, hostname)
    run(block("", "mkdir -p /srv/backup"), tmp_path)
    create(first, "c")
    first.stop()
    assert " ok" in run(block("", "node-orchestrator snapshot verify"), tmp_path)
    run(block("", "systemctl stop node-orchestrator\nmv"), tmp_path)
    assert hostnames(start_service()) == ["a", "b"]


def test_tokens_are_made_and_all_are_taken_back(start_service, tmp_path):
    first = start_service()
    token = run(block("", "sudo -u node-orchestrator node-orchestrator token"), tmp_path).strip()

    def status(program) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{program.url}/snapshots", headers=headers, timeout=TIMEOUT_SECONDS).status_code

    assert status(first) == 200
    first.stop()
    run(block("", "systemctl stop node-orchestrator\nrm"), tmp_path)
    second = start_service()
    assert status(second) == 401
    create(second, "by-the-new-client.token")


def test_a_secret_is_made_whose_tokens_are_taken(start_program, tmp_path):
    run(block("", "(umask"), tmp_path)
    secret = tmp_path / "node-orchestrator.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    program = start_program("--jwt-secret-file", str(secret))
    token = run_program("token", "--jwt-secret-file", str(secret), "--subject", "alice").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{program.url}/snapshots", headers=headers, timeout=TIMEOUT_SECONDS).status_code == 200


@pytest.fixture
def start_proxy(tmp_path):
    """A function that starts nginx as the document has it before a program, and returns its address."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("NO NGINX: on Debian 'apt-get install nginx'")
    started = []

    def start(program) -> str:
        port = free_port()
        run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=inventory.example "
            "-addext subjectAltName=IP:127.0.0.1 -keyout inventory.key -out inventory.pem",
            tmp_path,
        )
        text = block("nginx", "upstream ")
        for shown, here in (
            ("127.0.0.1:8080", program.url.removeprefix("http://")),
            ("listen 443", f"listen 127.0.0.1:{port}"),
            ("/etc/ssl/certs", tmp_path),
            ("/etc/ssl/private", tmp_path),
        ):
            assert shown in text
            text = text.replace(shown, str(here))
        places = "".join(f"{name}_temp_path {tmp_path};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; pid {tmp_path}/nginx.pid; events {{}} http {{ access_log off; {places} {text} }}"
        )
        arguments = [nginx, "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
        subprocess.run([*arguments, "-t"], check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
        started.append(subprocess.Popen(arguments))
        return f"https://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


def test_what_a_proxy_says_is_believed_and_bodies_pass(start_service, start_proxy, tmp_path):
    program = start_service()
    url = start_proxy(program)
    curl = "curl --cacert inventory.pem --retry 9 --retry-connrefused"
    health = block("", "nginx -t").splitlines()[1]
    run(health.replace("https://inventory.example", url).replace("curl", curl), tmp_path)
    answer = requests.post(
        f"{url}/ComputeNode",
        json={"hostname": "a", "architecture": "arm64", "description": "x" * 2_000_000},
        headers={"Authorization": f"Bearer {program.token()}"},
        timeout=TIMEOUT_SECONDS,
        verify=str(tmp_path / "inventory.pem"),
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].startswith(f"{url}/ComputeNode/")
    send_in_pieces(program, url, tmp_path)


def test_a_long_stream_is_sent_in_pieces(start_service, tmp_path):
    program = start_service()
    send_in_pieces(program, program.url, tmp_path)


def test_the_server_speaks_tls_itself_and_knows_clients_by_certificates(start_program, tmp_path):
    folder = tmp_path / "node-orchestrator" / "tls"
    folder.mkdir(parents=True)
    authority = Authority(folder)
    authority.file.rename(folder / "clients.pem")
    certificate, key = authority.common("server")
    Path(certificate).rename(folder / "certificate.pem")
    Path(key).rename(folder / "key.pem")
    authority.common("boot-service")
    lines = block("yaml", "listen:").replace("listen: [127.0.0.1:8080]\n", block("yaml", "tls-cert:"))
    lines += re.search("`(tls-client-ca: .*?)`", DOCUMENT)[1] + "\nauth-reads: true\n"
    lines += "role-map: /etc/node-orchestrator/roles.yaml\n"
    text = re.sub("/srv/|/etc/", f"{tmp_path}/", lines)
    (tmp_path / "node-orchestrator.yaml").write_text(text)
    (folder.parent / "roles.yaml").write_text(block("yaml", "certificate:") + block("yaml", "user:"))
    program = start_program("--config", "node-orchestrator.yaml")
    asked = block("", "chown root:node-orchestrator /etc/node-orchestrator/tls")
    run_at(program.url, f"{folder}/clients.pem", "https://inventory.example:8443", asked, tmp_path)
    asked = block("", "curl --silent --fail --cert").replace("boot-service.", f"{folder}/boot-service.")
    assert run_at(program.url, f"{folder}/clients.pem", "https://inventory.example:8443", asked, tmp_path) == "[]"


def run_at(url: str, authority: str, shown: str, commands: str, folder: Path) -> str:
    """Run commands that ask a server of the document at its real address."""
    assert shown in commands
    return run(commands.replace(shown, url).replace("curl", f"curl --cacert {authority}"), folder)


def test_programs_of_the_machine_ask_at_a_socket(start_program, tmp_path):
    shown = "/run/node-orchestrator/inventory.sock"
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        program = start_program("--auth-reads", "--listen", f"unix:{folder}/inventory.sock")
        program.wait_for_log("listening on unix:")
        text = block("", "curl --silent --fail --unix-socket").replace(shown, f"{folder}/inventory.sock")
        assert run(text, tmp_path) == "[]"
        program.stop()


@pytest.mark.parametrize(
    ("heading", "needs_token"),
    [("With tokensmith", True), ("With an OIDC provider", True), ("With mutual TLS", False), ("Stand-alone", True)],
)
def test_set_ups_start_and_know_who_asks(start_program, tmp_path, heading, needs_token):
    [text] = others("docs/security.md", heading)
    folder = tmp_path / "node-orchestrator"
    (folder / "tls").mkdir(parents=True)
    authority = Authority(folder / "tls")
    for file, place in zip(authority.common("server"), ("certificate.pem", "key.pem")):
        Path(file).rename(folder / "tls" / place)
    shown = authority.common("boot-service")
    (folder / "tls" / "clients.pem").write_text(authority.file.read_text())
    (folder / "roles.yaml").write_text(block("yaml", "certificate:"))
    (tmp_path / "node-orchestrator.yaml").write_text(text.replace("/etc/", f"{tmp_path}/"))
    program = start_program("--config", "node-orchestrator.yaml")

    def status(method: str, path: str) -> int:
        answer = requests.request(
            method, f"{program.url}/{path}", cert=shown, verify=authority.file, timeout=TIMEOUT_SECONDS
        )
        return answer.status_code

    assert program.url.startswith("https:")
    assert [status("GET", "BMC"), status("DELETE", "BMC/x"), status("POST", "restore?at=0")] == (
        [401, 401, 401] if needs_token else [200, 404, 403]
    )


def test_the_unit_is_one(tmp_path):
    if shutil.which("systemd-analyze") is None or not Path("/usr/bin/curl").exists():
        pytest.skip("NO SYSTEMD-ANALYZE, or no curl")
    unit = tmp_path / "node-orchestrator.service"
    unit.write_text(block("ini", "[Unit]").replace("/usr/local/bin/node-orchestrator", "/bin/true"))
    folder = tmp_path / "node-orchestrator.service.d"
    folder.mkdir()
    (folder / "socket.conf").write_text(block("ini", "[Service]"))
    result = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    # In tenths: below 2.0.
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=19", str(unit)],
        capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


def test_what_prune_would_remove_is_said_by_the_file(start_service, tmp_path):
    start_service().stop()
    result = run_program(
        "snapshot", "prune", "--dry-run", "--config", str(tmp_path / "node-orchestrator.yaml"),
        "--data-dir", str(tmp_path / "data"),
    )  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
