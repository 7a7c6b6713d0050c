package org.multisession.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a client and a server of this machine, and can fall silent, as a network does that drops packets:
 * connections stay open, new ones are taken, and nothing passes until it speaks again. Or it loses those that are open, as a
 * firewall does that was restarted: nothing passes on them any more, and nobody is told.
 */
public final class SilentRelay implements AutoCloseable {

    private final ServerSocket door;
    private final int first;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private boolean isSilent;
    private int taken;
    private int lost;
    private int server;
    private boolean isClosed;

    private SilentRelay(int server) {
        this.first = server;
        this.server = server;
        try {
            this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Relays to a port of the loopback address. */
    public static SilentRelay to(int port) {
        SilentRelay relay = new SilentRelay(port);
        start("relay", relay::takeCalls);
        return relay;
    }

    /** The address with this relay in the place of the server. */
    public String in(String url) {
        return url.replace(":" + first + "/", ":" + door.getLocalPort() + "/").replace("localhost", "127.0.0.1");
    }

    public synchronized void fallSilent() {
        isSilent = true;
    }

    public synchronized void speak() {
        isSilent = false;
        notifyAll();
    }

    /** Nothing passes on what is open now, not even its end; what comes later passes. */
    public synchronized void loseConnections() {
        lost = taken;
    }

    /** Ends what is open, and relays to another server from now on, as an address does that was moved. */
    public synchronized void leadTo(int port) {
        server = port;
        open.forEach(this::close);
    }

    private synchronized int server() {
        return server;
    }

    private synchronized int number() {
        return ++taken;
    }

    private void takeCalls() {
        try {
            while (true) {
                Socket client = keep(door.accept());
                Socket toServer = keep(new Socket(InetAddress.getLoopbackAddress(), server()));
                int number = number();
                start("relay: there", () -> pass(number, client, toServer));
                start("relay: back", () -> pass(number, toServer, client));
            }
        } catch (IOException e) {
            // It was closed.
        }
    }

    private Socket keep(Socket socket) {
        open.add(socket);
        return socket;
    }

    private void pass(int number, Socket from, Socket to) {
        byte[] some = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(some); length >= 0; length = in.read(some)) {
                awaitWord(number);
                out.write(some, 0, length);
            }
        } catch (IOException e) {
            // One of the two has gone.
        } finally {
            if (!isLost(number)) {
                close(from);
                close(to);
            }
        }
    }

    private synchronized boolean isLost(int number) {
        return number <= lost && !isClosed;
    }

    private synchronized void awaitWord(int number) throws IOException {
        while ((isSilent || number <= lost) && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    private void close(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        try {
            door.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        open.forEach(this::close);
    }
}
