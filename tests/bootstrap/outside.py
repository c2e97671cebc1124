"""What a server finds outside: the VPC's name server, instance metadata, registries, AWS's APIs, RDS's certificates.

Everything listens on addresses of the test's own network. What AWS's names lead to is one HTTPS server, whose certificate an
authority signs that servers and images trust."""

import base64
import collections
import http.server
import json
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import urllib.parse

RESOLVER, FRONT, ACME, RDS, CACHE = "10.0.0.2", "10.0.0.10", "10.0.0.11", "10.0.0.20", "10.0.0.21"
METADATA = "169.254.169.254"
REGION, INSTANCE = "us-east-1", "i-0123456789abcdef0"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
ECR_PASSWORD = "a password of ECR"
GHCR, GHCR_USER, GHCR_PASSWORD = "ghcr.io", "acme", "a token of GHCR"
HOSTS = [ECR, "public.ecr.aws", "ghcr.io", "registry-1.docker.io", "truststore.pki.rds.amazonaws.com",
         "acme-v02.api.letsencrypt.org", "acme-artifacts.s3.us-east-1.amazonaws.com"] + [
         name + ".us-east-1.amazonaws.com" for name in ("ssm", "secretsmanager", "api.ecr", "logs")]


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, **options).stdout


class Authority:
    """Signs the certificates of the world outside."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key, self.path = self.folder / "authority.key", self.folder / "authority.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Test authority",
                "-keyout", self.key, "-out", self.path)
        self.text = self.path.read_text()
        self.hash = openssl("x509", "-hash", "-noout", "-in", self.path).strip()

    def sign(self, name, hosts):
        key, path = self.folder / (name + ".key"), self.folder / (name + ".pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=" + name, "-CA", self.path,
                "-CAkey", self.key, "-addext", "subjectAltName=" + ",".join("DNS:" + host for host in hosts),
                "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", path)
        return key, path


class Names(socketserver.ThreadingUDPServer):
    """The VPC's name server: IPv4 addresses, and nothing else of the names that it knows."""

    def __init__(self, table):
        self.table = table

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                data, connection = self.request
                labels, at = [], 12
                while data[at]:
                    labels.append(data[at + 1:at + 1 + data[at]].decode().lower())
                    at += 1 + data[at]
                question = data[12:at + 5]
                kind = struct.unpack("!H", data[at + 1:at + 3])[0]
                address = table.get(".".join(labels))
                answers = [address] if address and kind == 1 else []
                flags = 0x8180 if address else 0x8183
                text = data[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0) + question
                for one in answers:
                    text += struct.pack("!HHHIH", 0xc00c, 1, 1, 5, 4) + socket.inet_aton(one)
                connection.sendto(text, self.client_address)

        super().__init__((RESOLVER, 53), Handler)


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", **headers):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def handle_error(self, request, client_address):
        pass


class Metadata(Quiet):
    """IMDSv2: no token, no answer; and no answer that passes a router, as its hop limit is 1."""

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        super().setup()

    def do_PUT(self):
        self.body()
        good = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self.answer(200, "a token", X_aws_ec2_metadata_token_ttl_seconds="60") if good else self.answer(400)

    def do_GET(self):
        if self.headers.get("X-aws-ec2-metadata-token") != "a token":
            return self.answer(401)
        user_data = self.server.outside.user_data.get(self.client_address[0], b"")
        known = {"meta-data/placement/region": REGION, "meta-data/local-ipv4": self.client_address[0], "user-data": user_data,
                 "meta-data/instance-id": INSTANCE,
                 "meta-data/iam/security-credentials/": "server",
                 "meta-data/iam/security-credentials/server": json.dumps(dict(
                     Code="Success", Type="AWS-HMAC", AccessKeyId="AKIA", SecretAccessKey="secret", Token="session",
                     LastUpdated="2026-01-01T00:00:00Z", Expiration="2100-01-01T00:00:00Z"))}
        found = known.get(self.path.removeprefix("/latest/"))
        return self.answer(404) if found is None else self.answer(200, found)


class Control(Quiet):
    """What the stand-ins on a server ask: whether to work."""

    def do_POST(self):
        outside, body = self.server.outside, self.body()
        if self.path == "/dnf":
            words = urllib.parse.parse_qs(body.decode())["arguments"][0]
            return self.answer(200 if outside.decide("dnf " + words) else 503)
        json.loads(body)
        return self.answer(200 if outside.decide("agent") else 503)


class Front(Quiet):
    """AWS's APIs and registries, by the name that was asked."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        outside, host = self.server.outside, self.headers["Host"].split(":")[0]
        if host.startswith("truststore."):
            return self.answer(200, outside.authority.text)
        if ".s3." in host:
            archive = outside.objects.get(self.path)
            return self.answer(404) if archive is None else self.answer(200, archive)
        if not outside.decide("registry " + host):
            return self.answer(503)
        login = {ECR: "AWS:" + ECR_PASSWORD, GHCR: GHCR_USER + ":" + GHCR_PASSWORD}.get(host)
        if login and self.headers.get("Authorization") != "Basic " + base64.b64encode(login.encode()).decode():
            return self.answer(401, WWW_Authenticate='Basic realm="https://%s/"' % host)
        if self.path == "/v2/":
            return self.answer(200, "{}", Docker_Distribution_Api_Version="registry/2.0")
        repository, _, name = self.path.removeprefix("/v2/").partition("/manifests/")
        if name:
            image = outside.images.get((host, repository, name)) or outside.manifests.get(name)
            if image is None:
                return self.answer(404, json.dumps(dict(errors=[dict(code="MANIFEST_UNKNOWN", message="manifest unknown")])))
            outside.manifests[image.digest] = image
            outside.blobs.update(image.blobs())
            return self.answer(200, image.manifest, Content_Type=json.loads(image.manifest)["mediaType"],
                               Docker_Content_Digest=image.digest)
        blob = outside.blobs.get(self.path.rpartition("/blobs/")[2])
        return self.answer(404) if blob is None else self.answer(200, blob, Content_Type="application/octet-stream")

    def do_POST(self):
        outside, values = self.server.outside, json.loads(self.body())
        operation = self.headers["X-Amz-Target"].split(".")[-1]
        if not outside.decide(operation):
            return self.answer(400, json.dumps(dict(__type="ThrottlingException", message="Rate exceeded")))
        try:
            found = getattr(outside, operation)(**values)
        except KeyError as error:
            return self.answer(400, json.dumps(dict(__type="ResourceNotFoundException", message=str(error))))
        return self.answer(200, json.dumps(found), Content_Type="application/x-amz-json-1.1")


class Outside:
    """All of it. `parameters` and `secrets` are by name, `images` by host, repository and tag, `logs` by group."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.user_data, self.parameters, self.secrets = {}, {}, {}
        self.images, self.manifests, self.blobs, self.objects = {}, {}, {}, {}
        self.logs, self.seen = collections.defaultdict(list), collections.Counter()
        self.events, self.deciders, self.lock = [], {}, threading.Condition()
        self.names = dict.fromkeys(HOSTS, FRONT)
        self.names["acme-v02.api.letsencrypt.org"] = ACME
        key, path = self.authority.sign("front", HOSTS)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path, key)
        front = Server((FRONT, 443), Front)
        front.socket = context.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
        for server in (front, Server((METADATA, 80), Metadata), Server((FRONT, 8000), Control), Names(self.names)):
            server.outside = self
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def decide(self, what):
        """Whether a request succeeds: a decider says so, by how often it was asked before."""
        with self.lock:
            self.seen[what] += 1
            self.events.append(what)
            self.lock.notify_all()
            good = self.deciders.get(what)
            return good is None or good(self.seen[what])

    def GetParametersByPath(self, Path, Recursive, NextToken="0"):
        # AWS shows ten at most; two make pages of a small spec.
        found = [dict(Name=name, Type="String", Value=value) for name, value in sorted(self.parameters.items())
                 if name.startswith(Path.rstrip("/") + "/") and (Recursive or "/" not in name[len(Path) + 1:])]
        begin = int(NextToken)
        more = dict(NextToken=str(begin + 2)) if len(found) > begin + 2 else {}
        return dict(Parameters=found[begin:begin + 2], **more)

    def GetSecretValue(self, SecretId):
        return dict(Name=SecretId, SecretString=self.secrets[SecretId])

    def GetAuthorizationToken(self):
        return dict(password=ECR_PASSWORD)

    def CreateLogStream(self, logGroupName, logStreamName):
        return {}

    def PutLogEvents(self, logGroupName, logStreamName, logEvents, sequenceToken=None):
        self.logs[logGroupName] += [event["message"] for event in logEvents]
        return dict(nextSequenceToken="1")
