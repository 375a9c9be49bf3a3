#!/bin/bash
# HTTP_GET and HTTP_POST, against a real server.
. "$SOURCE_DIR/tests/support/functions.sh"
. "$SOURCE_DIR/tests/support/rexx.sh"
requires python3

cat >server.py <<'PYTHON'
import http.server, sys, time
tries = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass
    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        global tries
        if self.path == "/page":
            self.answer(200, "ä page".encode(), [("Content-Type", "text/plain"), ("X-Two", "2")])
        elif self.path == "/bytes":
            self.answer(200, b"a\xff\x00b")
        elif self.path == "/header":
            self.answer(200, (self.headers.get("X-Asked") or "none").encode())
        elif self.path == "/away":
            self.answer(302, b"", [("Location", "/page")])
        elif self.path == "/file":
            self.answer(302, b"", [("Location", "file:///etc/passwd")])
        elif self.path == "/loop":
            self.answer(302, b"", [("Location", "/loop")])
        elif self.path == "/slow":
            open("slow.txt", "w").close()
            time.sleep(20)
            self.close_connection = True
        elif self.path == "/third":
            tries += 1
            if tries < 3:
                self.connection.close()
            else:
                self.answer(200, b"third")
        elif self.path == "/large":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b"x" * (1 << 20))
            except OSError:
                pass
        else:
            self.answer(404, b"nothing here")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, self.headers["Content-Type"].encode() + b" " + body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 server.py >port.txt &
cleanup_fn kill $!
wait_until 20 test -s port.txt
port=$(cat port.txt)
url=http://127.0.0.1:$port
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

cat >get.rexx <<REXX
LET r = HTTP_GET("$url/page")
IF DATATYPE(r, "O") THEN SAY r.status r.ok r.body r.headers["x-two"] ARRAY_GET(r.headers, "content-type") r.attempt
r = HTTP_GET(url="$url/nothing")
SAY r.status r.ok r.body
r = HTTP_GET("$url/header", {"X-Asked": "a b"})
SAY r.body
r = HTTP_GET("$url/away")
SAY r.status r.body
r = HTTP_GET("$url/bytes")
SAY LENGTH(r.body) C2X(r.body)
r = HTTP_GET(url="$url/third", maxRetries=5, retryInterval=10)
SAY r.status r.body r.attempt
r = HTTP_POST("$url/any", JSON_STRINGIFY({a: 1}))
SAY r.status r.body
r = HTTP_POST("$url/any", "x=1", {"content-type": "text/plain"})
SAY r.body
REXX
assert_equals '200 1 ä page 2 text/plain 1
404 0 nothing here
a b
200 ä page
6 61EFBFBD0062
200 third 3
201 application/json {"a":1}
text/plain x=1' "$(rexx ./get.rexx 2>&1)"

# What does not work is an object that says why, and soon.
fails() { # PART EXPRESSION
    local got
    printf 'LET r = %s\nSAY r.status r.ok r.error\n' "$2" >fails.rexx
    got=$(rexx ./fails.rexx 2>&1)
    assert_contains "$got" '0 0 ' "$2"
    assert_contains "$got" "$1" "$2"
}
started=$SECONDS
fails 'has not answered in full within 300 ms' "HTTP_GET('$url/slow', , 300)"
fails 'connect' "HTTP_GET('http://127.0.0.1:1/')"
fails 'http:// or https://' "HTTP_GET('file:///etc/passwd')"
fails 'Protocol' "HTTP_GET('$url/file')"
fails 'redirects' "HTTP_GET('$url/loop')"
fails 'more than 64 MiB' "HTTP_GET('$url/large')"
fails 'Name: value' "HTTP_GET('$url/header', {'X-Evil': 'a' || '0D0A'x || 'b'})"
[ $((SECONDS - started)) -lt 18 ] || fail 'a request that cannot succeed took too long'

# Ctrl-C ends it, and the script.
rm slow.txt
# (A shell without job control has its children ignore Ctrl-C.)
echo "x = http_get('$url/slow'); say 'not here'" >interrupted.rexx
env --default-signal=INT rexx ./interrupted.rexx >interrupted.txt 2>&1 &
running=$!
wait_until 20 test -e slow.txt
kill -INT $running
code=0
wait $running || code=$?
assert_equals 130 $code
assert_lacks "$(cat interrupted.txt)" 'not here'

# In a guest there is none, and it says so.
code=0
message=$("$BUILD_DIR/libexec/address-qemu/rexx-guest" -e "x = http_get('$url/page')" 2>&1) || code=$?
assert_equals 216 $code
assert_equals 1 "$(grep -c 'HTTP_GET: is not available inside a guest' <<<"$message")"
