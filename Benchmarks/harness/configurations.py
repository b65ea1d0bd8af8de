"""Configuration files of nginx and h2o."""
import getpass
import pathlib


def nginx(launch):
    """Everything that does not serve these answers is off; errors go to the error stream."""
    folder = pathlib.Path(launch.folder)
    fields = "\n    ".join(f'add_header {name} "{_quoted(value)}";' for name, value in launch.fields)
    # nginx before 1.23.4 speaks TLS 1.2 only unless told: its resumption has no key exchange, and costs a third.
    secure = (f" ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {launch.tls[0]}; ssl_certificate_key {launch.tls[1]}"
              if launch.tls else "")
    processes = "master_process off;" if launch.is_single else f"worker_processes {launch.loops};"
    path = folder / f"nginx-{launch.port}.conf"
    path.write_text(f"""daemon off; {processes} pid {folder}/nginx-{launch.port}.pid;
error_log stderr crit; worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300s; open_file_cache max=16;
  client_body_temp_path {folder}/nb; proxy_temp_path {folder}/np; fastcgi_temp_path {folder}/nf;
  uwsgi_temp_path {folder}/nu; scgi_temp_path {folder}/ns;
  server {{
    listen 127.0.0.1:{launch.port} backlog=4096{secure}; root {folder}; default_type "text/html; charset=utf-8";
    location = /bare {{ return 200 "{'x' * 1024}"; }}
    location = /page {{
    {fields}
    return 200 "{'x' * 1024}"; }}
    location = /page.html {{
    {fields}
    }}
    location /files/ {{ }}
  }}
}}
""")
    return path


def _quoted(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "")


def h2o(launch):
    """One thread a loop, long time-outs, no log."""
    folder = pathlib.Path(launch.folder)
    fields = "".join(f"        header.set: '{name}: {value.replace(chr(39), chr(39) * 2)}'\n" for name, value in launch.fields)
    secure = f"\n  ssl:\n    certificate-file: {launch.tls[0]}\n    key-file: {launch.tls[1]}" if launch.tls else ""
    path = folder / f"h2o-{launch.port}.conf"
    path.write_text(f"""num-threads: {launch.loops}
user: {getpass.getuser()}
max-connections: 20000
http1-request-timeout: 300
listen:
  host: 127.0.0.1
  port: {launch.port}{secure}
hosts:
  default:
    paths:
      /files:
        file.dir: {folder}/files
        file.send-compressed: OFF
      /:
        file.dir: {folder}
        file.send-compressed: OFF
{fields}""")
    return path
