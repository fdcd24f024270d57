"""Debian's nginx on socket files in a gateway's folder. What it does with requests is in the servers that a test gives."""

import shutil
import subprocess

from fastcgi import wait_until

CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_max_body_size 100m;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream gateway { server unix:ADDRESS; }
    upstream kept { server unix:ADDRESS; keepalive 4; }
SERVERS
}
"""


class Nginx:
    """A running nginx. Its servers know the gateway as `gateway`, and as `kept` on connections that are kept."""

    def __init__(self, gateway, servers, sockets):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert program, "nginx is needed: apt-get install nginx-light"
        self.folder = gateway.folder
        text = CONFIGURATION.replace("ADDRESS", str(gateway.address)).replace("SERVERS", servers)
        (self.folder / "nginx.conf").write_text(text)
        log = self.folder / "nginx.log"
        with open(log, "wb") as stream:
            command = [program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=self.folder)
        assert wait_until(lambda: all((self.folder / name).exists() for name in sockets)), log.read_text()

    def close(self):
        self.process.terminate()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
