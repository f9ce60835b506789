"""Reverse proxies that look into nothing after the handshake: the least that a relay can cost."""

from bench.contestants.site import PATH, Command, Site

_NGINX = """
daemon off;
worker_processes 1;
error_log stderr warn;
pid {directory}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location {path} {{
            proxy_pass {scheme}://127.0.0.1:{upstream_port};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            {tls}
        }}
    }}
}}
"""

_NGINX_TLS = "proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {trusted};"

_HAPROXY = """
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
frontend peers
    bind 127.0.0.1:{port} backlog 4096
    default_backend upstream
backend upstream
    server echo 127.0.0.1:{upstream_port} {tls}
"""

_HAPROXY_TLS = "ssl verify required verifyhost localhost ca-file {trusted}"


_CADDY = """
{{
    admin off
    auto_https off
    storage file_system {directory}
}}
http://127.0.0.1:{port} {{
    reverse_proxy {scheme}://127.0.0.1:{upstream_port} {{
        {tls}
    }}
}}
"""

_CADDY_TLS = "transport http {{\n tls_trusted_ca_certs {trusted}\n tls_server_name localhost\n }}"
"""Debian's Caddy is older than `tls_trust_pool`, which has taken this one's place."""


def nginx(site: Site) -> Command:
    """One worker, no log."""
    config = _NGINX.format(
        directory=site.directory,
        path=PATH,
        port=site.port,
        upstream_port=site.upstream_port,
        scheme="https" if site.trusted else "http",
        tls=_NGINX_TLS.format(trusted=site.trusted) if site.trusted else "",
    )
    return Command(["nginx", "-p", str(site.directory), "-c", site.write("nginx.conf", config)])


def haproxy(site: Site) -> Command:
    """One thread, no log."""
    tls = _HAPROXY_TLS.format(trusted=site.trusted) if site.trusted else ""
    config = _HAPROXY.format(port=site.port, upstream_port=site.upstream_port, tls=tls)
    return Command(["haproxy", "-db", "-f", site.write("haproxy.cfg", config)])


def caddy(site: Site) -> Command:
    """One core, no log."""
    config = _CADDY.format(
        directory=site.directory,
        port=site.port,
        upstream_port=site.upstream_port,
        scheme="https" if site.trusted else "http",
        tls=_CADDY_TLS.format(trusted=site.trusted) if site.trusted else "",
    )
    words = ["caddy", "run", "--adapter", "caddyfile", "--config", site.write("Caddyfile", config)]
    return Command(words, {"GOMAXPROCS": "1", "HOME": str(site.directory)})
