/** Sends to each client until it is reset. */
export const SENDS = `
import socket, sys, threading
def send(client):
    try:
        while True:
            client.sendall(bytes(1 << 16))
    except ConnectionError:
        pass
listener = socket.create_server(('', int(sys.argv[1])))
print('listening', flush=True)
while True:
    threading.Thread(target=send, args=(listener.accept()[0],), daemon=True).start()
`;

/** Reads a little from a server, and resets the connection; from each of these ports. */
export const ABORTS = `
import socket, struct, sys
address, port, *own = sys.argv[1], *map(int, sys.argv[2:])
for number in own:
    client = socket.socket()
    client.bind(('', number))
    client.settimeout(30)
    client.connect((address, port))
    client.recv(100_000)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()
`;
