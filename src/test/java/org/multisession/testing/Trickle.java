package org.multisession.testing;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Sends a byte at a time on each of some connections, as a very slow client does, until it is closed. */
public final class Trickle implements AutoCloseable {

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread;

    public Trickle(List<Socket> sockets) {
        thread = new Thread(() -> {
            do {
                for (Socket socket : sockets) {
                    try {
                        socket.getOutputStream().write('x');
                        socket.getOutputStream().flush();
                    } catch (IOException e) {
                        // Closed, as it should be.
                    }
                }
            } while (!isStoppedWithin(100));
        });
        thread.setDaemon(true);
        thread.start();
    }

    private boolean isStoppedWithin(int millis) {
        try {
            return stopped.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    public boolean goesOn() {
        return thread.isAlive();
    }

    @Override
    public void close() {
        stopped.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
