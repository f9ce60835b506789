// A relay as tutorials write it: one `ws` server, one `ws` client for each peer, text handed across.
import { WebSocket, WebSocketServer } from "ws";

const [port, upstreamUrl] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });

server.on("connection", (peer) => {
  const upstream = new WebSocket(upstreamUrl);

  upstream.on("message", (data) => peer.send(data.toString()));
  upstream.on("close", () => peer.close());
  upstream.on("error", (error) => console.error("upstream:", error.message));

  peer.on("message", (data) => {
    if (upstream.readyState === WebSocket.OPEN) upstream.send(data.toString());
  });
  peer.on("close", () => upstream.close());
});
