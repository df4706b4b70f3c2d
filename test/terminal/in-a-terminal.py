"""Runs a command in a terminal of its own: python3 in-a-terminal.py '{"argv": [...], "columns": 80, "answers": [["wait for", "type this"]]}'.

What the terminal shows goes to standard output, byte for byte; the exit code is the command's."""
import fcntl, json, os, pty, select, struct, sys, termios

spec = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(spec["argv"][0], spec["argv"])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", spec.get("rows", 30), spec["columns"], 0, 0))
answers = list(spec.get("answers", []))
seen = b""
while True:
    ready, _, _ = select.select([terminal], [], [], 60)
    if not ready:
        sys.stdout.buffer.write(b"\n[nothing for a minute]\n")
        os.kill(pid, 9)
        break
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    seen += chunk
    while answers and answers[0][0].encode() in seen:
        wanted, text = answers.pop(0)
        seen = seen.split(wanted.encode(), 1)[1]
        os.write(terminal, text.encode())
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
