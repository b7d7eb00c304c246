"""What the client's listener used to be, made anew from its description for the comparison in bench_qrexec.py: one request at a time, its body into
qrexec-client-vm, what comes out of that back; headers are lost on the way. usage: old_listener.py PORT TARGET"""
import http.server
import subprocess
import sys


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = subprocess.Popen(["qrexec-client-vm", sys.argv[2], "qubes.Clefsign"], stdin=subprocess.PIPE, stdout=subprocess.PIPE).communicate(body)[0]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Listener).serve_forever()
