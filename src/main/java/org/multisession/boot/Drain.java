package org.multisession.boot;

import jakarta.servlet.ServletContext;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.AttributeNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.multisession.config.SetupRefusedException;
import org.multisession.web.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets {@code /health} say 503 for a while before Tomcat takes this application out of service, and everything else go on
 * as ever, so that a load balancer stops sending requests while they are still answered.
 *
 * <p>Tomcat tells an application of its end when nothing is routed to it any more. Its own listeners hear of it earlier,
 * so one is put among them: at the context, before the one that ends the routing, and at the server, which is told first
 * when Tomcat as a whole stops. Nothing of Tomcat is needed to compile this; its objects are found by JMX.
 */
final class Drain implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Drain.class);

    private static final String LISTENER = "org.apache.catalina.LifecycleListener";

    /** What ends the routing to a context; other listeners may stand before ours. */
    private static final String ENDS_THE_ROUTING = "org.apache.catalina.mapper.MapperListener";

    private static final String BEFORE_STOP = "before_stop";

    private static final String REFUSAL =
            "multisession.shutdown.drain cannot be had here: no Tomcat was found in this JVM,"
                    + " by JMX, that has this application and can be asked to wait. Leave it out, and take the node out of the load"
                    + " balancer before an undeploy";

    /** Where this application is in a Tomcat. */
    private record Place(Object server, Object context) {}

    private final Duration duration;
    private final Readiness readiness;
    private final Place place;
    private final Object listener;
    private final AtomicBoolean begun = new AtomicBoolean();

    private Drain(Duration duration, Readiness readiness, Place place) throws ReflectiveOperationException {
        this.duration = duration;
        this.readiness = readiness;
        this.place = place;
        Class<?> type = Class.forName(LISTENER, false, place.server().getClass().getClassLoader());
        listener = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, this::invoked);
    }

    /**
     * Changes nothing yet.
     *
     * @throws SetupRefusedException where there is no Tomcat that can be asked to wait
     */
    static void requireTomcat(ServletContext context) {
        var unused = place(context);
    }

    /**
     * From now on an undeploy of this application waits so long, and so does a stop of its Tomcat.
     *
     * @throws SetupRefusedException where there is no Tomcat that can be asked to wait
     */
    static Drain begin(ServletContext context, Duration duration, Readiness readiness) {
        Place place = place(context);
        try {
            Drain drain = new Drain(duration, readiness, place);
            drain.listen();
            return drain;
        } catch (ReflectiveOperationException e) {
            throw refused(e);
        }
    }

    private static Place place(ServletContext context) {
        try {
            return find(context).orElseThrow(() -> new SetupRefusedException(List.of(REFUSAL)));
        } catch (JMException | ReflectiveOperationException e) {
            throw refused(e);
        }
    }

    private static SetupRefusedException refused(Exception cause) {
        log.debug("This server cannot be asked to wait", cause);
        return new SetupRefusedException(List.of(REFUSAL));
    }

    private static Optional<Place> find(ServletContext context) throws JMException, ReflectiveOperationException {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        for (ObjectName name : beans.queryNames(new ObjectName("*:j2eeType=WebModule,*"), null)) {
            Optional<Object> candidate = managed(beans, name);
            // A context that has not started yet has no loader, and to ask it for more would change it.
            Object loader = candidate.isEmpty() ? null : get(candidate.get(), "getLoader");
            if (loader != null && get(loader, "getClassLoader") == context.getClassLoader()) {
                return Optional.of(new Place(server(candidate.get()), candidate.get()));
            }
        }
        return Optional.empty();
    }

    /** A context is in a host, that in an engine, and that in a service. */
    private static Object server(Object context) throws ReflectiveOperationException {
        Object engine = call(call(context, "getParent"), "getParent");
        return call(call(engine, "getService"), "getServer");
    }

    /** An object of Tomcat's; none for a server of another kind, which may have such a name too. */
    private static Optional<Object> managed(MBeanServer beans, ObjectName name) throws JMException {
        try {
            return Optional.ofNullable(beans.getAttribute(name, "managedResource"));
        } catch (AttributeNotFoundException e) {
            return Optional.empty();
        }
    }

    private void listen() throws ReflectiveOperationException {
        List<Object> later = new ArrayList<>();
        for (Object other : all(place.context(), "findLifecycleListeners")) {
            if (other.getClass().getName().equals(ENDS_THE_ROUTING)) {
                later.add(other);
            }
        }
        for (Object other : later) {
            change(place.context(), "removeLifecycleListener", other);
        }
        change(place.context(), "addLifecycleListener", listener);
        for (Object other : later) {
            change(place.context(), "addLifecycleListener", other);
        }
        change(place.server(), "addLifecycleListener", listener);
    }

    private @Nullable Object invoked(Object proxy, Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            case "toString" -> "the drain of Multi-Session";
            default -> {
                happened(arguments[0]);
                yield null;
            }
        };
    }

    private void happened(Object event) {
        try {
            if (call(event, "getType").equals(BEFORE_STOP) && isAsked() && begun.compareAndSet(false, true)) {
                readiness.draining();
                log.info(
                        "Multi-Session is about to stop: /health answers 503 for {}, and requests are served meanwhile",
                        duration);
                await();
            }
        } catch (ReflectiveOperationException e) {
            // An end must not fail by this.
            log.warn("An undeploy goes on without waiting for {}: {}", duration, e.toString());
        }
    }

    /** While a context is reloaded Tomcat holds all requests back, so nobody could see what {@code /health} says. */
    private boolean isAsked() throws ReflectiveOperationException {
        boolean isReload = (boolean) call(place.context(), "getPaused");
        return !isReload && readiness.state() instanceof Readiness.State.Serving;
    }

    private void await() {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            // Whoever stops Tomcat does not want to wait any longer.
            Thread.currentThread().interrupt();
        }
    }

    /** Leaves nothing of this application with Tomcat, which outlives it. */
    @Override
    public void close() {
        try {
            change(place.context(), "removeLifecycleListener", listener);
            change(place.server(), "removeLifecycleListener", listener);
        } catch (ReflectiveOperationException e) {
            log.warn("Tomcat still knows a listener of this application: {}", e.getMessage());
        }
    }

    private void change(Object lifecycle, String method, Object other) throws ReflectiveOperationException {
        Class<?> type = Class.forName(LISTENER, false, lifecycle.getClass().getClassLoader());
        lifecycle.getClass().getMethod(method, type).invoke(lifecycle, other);
    }

    private static Object[] all(Object object, String method) throws ReflectiveOperationException {
        return (Object[]) call(object, method);
    }

    private static Object call(Object object, String method) throws ReflectiveOperationException {
        return Objects.requireNonNull(get(object, method));
    }

    private static @Nullable Object get(Object object, String method) throws ReflectiveOperationException {
        return object.getClass().getMethod(method).invoke(object);
    }
}
