package org.multisession.web;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import ua_parser.Parser;

/**
 * Names the device that sent a user agent as people would. The sender writes the user agent, so it is a hint, never a
 * proof, and only letters, digits and a few punctuation marks of it get into a name.
 *
 * <p>The rules for browsers are loaded at the first use, which takes a moment and some megabytes, so a deploy does not
 * wait for them. A user agent that does not begin like a browser's bypasses them: it names itself.
 */
public final class DeviceNames {

    /** More different browsers than one server sees in a while; the least recently used goes first. */
    private static final int MAX_REMEMBERED = 1000;

    private static final int MAX_LENGTH = 200;
    private static final Pattern BROWSER = Pattern.compile("(?:Mozilla|Opera)/[0-9].*");

    /** How a program calls itself (RFC 9110, 10.1.5): {@code curl/8.5.0}, {@code MyShop/3.1 (iPhone; …)}. */
    private static final Pattern PROGRAM = Pattern.compile("([^/(;]{1,60})(?:/[0-9v].*|\\(.*)?");

    private static final Pattern READABLE =
            Pattern.compile("[\\p{L}\\p{N}](?:[\\p{L}\\p{N} ._+&!-]{0,58}[\\p{L}\\p{N}+!])?");

    /** What is not part of the name: the same browser on a smaller screen. */
    private static final Pattern VARIANT = Pattern.compile(" ?\\b(?:Mobile|iOS|WebView|UI/WKWebView)\\b ?|^Headless");

    /** Guarded by itself. */
    private final Map<String, DeviceName> remembered = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, DeviceName> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /** Loaded when first touched. */
    private static final class Rules {
        static final Parser PARSER = new Parser();
    }

    /** Returns the name of what sent this user agent. */
    public DeviceName of(@Nullable String agent) {
        if (agent == null || agent.isBlank()) {
            return DeviceName.UNKNOWN;
        }
        // Longer ones would only slow the rules down.
        String key = agent.strip();
        key = key.substring(0, Math.min(MAX_LENGTH, key.length()));
        synchronized (remembered) {
            DeviceName known = remembered.get(key);
            if (known != null) {
                return known;
            }
        }
        DeviceName name = BROWSER.matcher(key).matches() ? browser(key) : program(key);
        synchronized (remembered) {
            remembered.put(key, name);
        }
        return name;
    }

    private static DeviceName browser(String agent) {
        String family = Rules.PARSER.parseUserAgent(agent).family;
        String system = Rules.PARSER.parseOS(agent).family;
        return new DeviceName(program(family, system), readable(system(system, agent)));
    }

    private static @Nullable String program(String family, String system) {
        // A view within an app, and Android's own browser: the rules have no name for it but the system's.
        boolean isNameless = family.equals("Other") || family.equals(system) || family.contains("WKWebView");
        String name = isNameless ? "" : VARIANT.matcher(family).replaceAll("");
        return readable(name.equals("IE") ? "Internet Explorer" : name);
    }

    /** Apple's devices are named by what they are, all others by what runs on them. */
    private static String system(String family, String agent) {
        return switch (family) {
            case "Other" -> "";
            case "Mac OS X" -> "Mac";
            case "iOS" -> handheld(agent);
            default -> family;
        };
    }

    private static String handheld(String agent) {
        return agent.contains("iPad") ? "iPad" : agent.contains("iPod") ? "iPod" : "iPhone";
    }

    private static DeviceName program(String agent) {
        Matcher matcher = PROGRAM.matcher(agent);
        String name = matcher.matches() ? readable(matcher.group(1).strip()) : null;
        if (name == null) {
            return DeviceName.UNKNOWN;
        }
        // Android's own runtime speaks for an app that says no name.
        return new DeviceName(name.equals("Dalvik") ? null : name, systemOfProgram(agent));
    }

    private static @Nullable String systemOfProgram(String agent) {
        int comment = agent.indexOf('(');
        if (comment < 0) {
            return null;
        }
        String said = agent.substring(comment);
        for (String system : new String[] {"iPhone", "iPad", "Android", "Windows"}) {
            if (said.contains(system)) {
                return system;
            }
        }
        return said.contains("Macintosh") || said.contains("macOS") ? "Mac" : said.contains("Linux") ? "Linux" : null;
    }

    private static @Nullable String readable(String text) {
        return READABLE.matcher(text).matches() ? text : null;
    }
}
