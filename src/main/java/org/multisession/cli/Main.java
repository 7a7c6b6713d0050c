package org.multisession.cli;

import java.io.Console;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.Product;
import org.multisession.config.EditDistance;
import org.multisession.config.SettingSources;
import org.multisession.config.Settings;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.DatabaseException;
import org.multisession.db.sqlite.NativeLibrary;
import org.multisession.migration.MigrationRefusedException;

/** The command line: finds the command, reads its options and the settings, runs it, and reports failures. */
public final class Main {

    /** Every command, in the order of the help. Register a new one here; nothing else is needed. */
    private static final List<Command> COMMANDS = List.of(
            new CheckCommand(),
            new MigrateCommand(),
            new StatusCommand(),
            new RevokeCommand(),
            new ExportCommand(),
            new ForgetCommand(),
            new CopyCommand(),
            new UninstallCommand());

    private static final String CALL = "java -jar multi-session.war";
    private static final String DB_URL = "multisession.db.url";
    private static final String DB_PASSWORD = "multisession.db.password";
    private static final Predicate<String> HOLDS_A_PASSWORD =
            Pattern.compile("[?&]password=", Pattern.CASE_INSENSITIVE).asPredicate();

    private final Terminal terminal;

    private Main(Terminal terminal) {
        this.terminal = terminal;
    }

    public static void main(String[] arguments) {
        Terminal terminal = new Terminal(System.getenv(), System.out, System.err, InstantSource.system(), terminal());
        System.exit(new Main(terminal).run(List.of(arguments)));
    }

    // The launcher makes sure that JDK 22 to 24 also return null if there is no terminal.
    @SuppressWarnings("SystemConsoleNull")
    private static @Nullable UnaryOperator<@Nullable String> terminal() {
        Console console = System.console();
        return console == null ? null : question -> console.readLine("%s", question);
    }

    /**
     * The same with the caller's streams and environment, without a terminal.
     *
     * @return the exit code: 0 done, 1 checked and not safe, 2 could not run
     */
    public static int run(
            List<String> arguments,
            Map<String, String> environment,
            PrintStream out,
            PrintStream err,
            InstantSource clock) {
        return run(arguments, new Terminal(environment, out, err, clock, null));
    }

    static int run(List<String> arguments, Terminal terminal) {
        return new Main(terminal).run(arguments);
    }

    private int run(List<String> arguments) {
        int code = runCommand(arguments);
        // The disk is full, or the reader is gone: the result was not delivered.
        if (terminal.out().checkError()) {
            terminal.err().println("multi-session: what it had to say could not be written to standard output");
            return Command.COULD_NOT_RUN;
        }
        return code;
    }

    private int runCommand(List<String> arguments) {
        String name = arguments.isEmpty() ? "help" : arguments.get(0);
        List<String> rest = arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size());
        if (name.equals("help") || isHelp(name)) {
            return help(rest);
        }
        if (name.equals("version") || name.equals("--version") || name.equals("-V")) {
            terminal.out().println(Product.ours() + ", " + NativeLibrary.version());
            return Command.DONE;
        }
        Command command = find(name);
        if (command == null) {
            return noCommand(name);
        }
        if (rest.stream().anyMatch(Main::isHelp)) {
            return help(List.of(name));
        }
        return run(command, rest);
    }

    private int run(Command command, List<String> rest) {
        PlainLog log = new PlainLog(terminal.err(), command.told());
        try {
            return command.run(read(command, rest));
        } catch (SetupRefusedException e) {
            terminal.err().println("multi-session: " + command.name() + " was not started:");
            e.faults().forEach(fault -> terminal.err().println("  - " + fault));
            return seeHelp(" " + command.name());
        } catch (InvalidPathException e) {
            terminal.err()
                    .println("multi-session: " + command.name() + " was not started: '" + e.getInput() + "'"
                            + Settings.noFileName());
            return Command.COULD_NOT_RUN;
        } catch (MigrationRefusedException | DatabaseException e) {
            terminal.err()
                    .println("multi-session: " + command.name() + " could not be done, and " + command.kept() + ": "
                            + e.getMessage() + ".");
            return Command.COULD_NOT_RUN;
        } catch (RuntimeException | Error e) {
            terminal.err().println("multi-session: " + command.name() + " failed with an internal error:");
            e.printStackTrace(terminal.err());
            return Command.COULD_NOT_RUN;
        } finally {
            log.close();
        }
    }

    /** Reports every fault of the options and the settings at once. */
    private Call read(Command command, List<String> arguments) {
        List<String> faults = new ArrayList<>();
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, String> options = new LinkedHashMap<>();
        for (String argument : withTheirValues(command, arguments)) {
            sort(command, argument, settings, options, faults);
        }
        Map<String, String> environment = new LinkedHashMap<>(terminal.environment());
        // What was exported for one command is no mistake at the next one in the same shell.
        COMMANDS.forEach(each -> environment.keySet().removeAll(each.secrets()));
        SettingSources sources = SettingSources.ofCommand(settings, environment);
        // The default is inside a Tomcat, and there is none here.
        if (!sources.has(DB_URL) && faults.isEmpty()) {
            faults.add("no database was named; give --db.url=FILE, or set MULTISESSION_DB_URL");
        }
        Settings read = null;
        try {
            read = Settings.read(sources).settings();
        } catch (SetupRefusedException e) {
            faults.addAll(e.faults());
        }
        if (read == null || !faults.isEmpty()) {
            throw new SetupRefusedException(faults);
        }
        return new Call(
                terminal, read, options, new ProgressDisplay(terminal.err(), terminal.ask() != null, terminal.clock()));
    }

    /** {@code --db.url FILE} is {@code --db.url=FILE}. */
    private static List<String> withTheirValues(Command command, List<String> arguments) {
        List<String> joined = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            boolean isValueNext = i + 1 < arguments.size()
                    && !arguments.get(i + 1).startsWith("--")
                    && argument.startsWith("--")
                    && argument.indexOf('=') < 0
                    && takesValue(command, argument.substring(2));
            joined.add(isValueNext ? argument + "=" + arguments.get(++i) : argument);
        }
        return joined;
    }

    private static boolean takesValue(Command command, String name) {
        return Settings.keys().contains(keyOf(name))
                || command.options().stream().anyMatch(option -> option.name().equals(name) && option.takesValue());
    }

    private static String keyOf(String name) {
        return name.startsWith(SettingSources.PREFIX) ? name : SettingSources.PREFIX + name;
    }

    /** Sorts one argument into its place. */
    private static void sort(
            Command command,
            String argument,
            Map<String, String> settings,
            Map<String, String> options,
            List<String> faults) {
        if (!argument.startsWith("--")) {
            faults.add("'" + argument + "' is no option; options begin with --");
            return;
        }
        int equals = argument.indexOf('=');
        String name = argument.substring(2, equals < 0 ? argument.length() : equals);
        String value = equals < 0 ? null : argument.substring(equals + 1);
        String key = keyOf(name);
        Command.Option option = command.options().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(null);
        String variable = key.replace('.', '_').toUpperCase(Locale.ROOT);
        if (command.secrets().contains(variable)) {
            faults.add("a password in --" + name + " would show in the list of this machine's processes; set "
                    + variable + " instead, or give --" + name + "-file=FILE");
            return;
        }
        if (option == null && !Settings.keys().contains(key)) {
            faults.add("there is no option --" + name
                    + meant("--", name, optionsOf(command), Math.max(2, name.length() / 3)));
            return;
        }
        boolean takesValue = option == null || option.takesValue();
        if (takesValue == (value == null)) {
            faults.add("--" + name + (takesValue ? " needs a value: --" + name + "=..." : " takes no value"));
            return;
        }
        if (key.equals(DB_PASSWORD) || (key.equals(DB_URL) && value != null && HOLDS_A_PASSWORD.test(value))) {
            faults.add("a password in --" + name + " would show in the list of this machine's processes; set"
                    + " MULTISESSION_DB_PASSWORD instead");
            return;
        }
        Map<String, String> target = option == null ? settings : options;
        if (target.putIfAbsent(option == null ? key : name, value == null ? "" : value) != null) {
            faults.add("--" + name + " was given twice");
        }
    }

    private static List<String> optionsOf(Command command) {
        return Stream.concat(
                        command.options().stream().map(Command.Option::name),
                        Settings.keys().stream().map(key -> key.substring(SettingSources.PREFIX.length())))
                .toList();
    }

    private int noCommand(String name) {
        terminal.err()
                .println("multi-session: there is no command " + name
                        + (name.startsWith("-")
                                ? "; the command comes first, then its options"
                                : meant("", name, names().toList(), 1)));
        return seeHelp("");
    }

    /** A "did you mean" for the nearest of these; empty if none is near enough. */
    private static String meant(String dashes, String name, List<String> all, int most) {
        return all.stream()
                .filter(each -> EditDistance.between(name, each) <= most)
                .min(Comparator.comparingInt(each -> EditDistance.between(name, each)))
                .map(nearest -> "; did you mean " + dashes + nearest + "?")
                .orElse("");
    }

    private static Stream<String> names() {
        return Stream.concat(COMMANDS.stream().map(Command::name), Stream.of("help", "version"));
    }

    private static @Nullable Command find(String name) {
        return COMMANDS.stream()
                .filter(command -> command.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static boolean isHelp(String argument) {
        return argument.equals("--help") || argument.equals("-h");
    }

    private int seeHelp(String command) {
        terminal.err().println("Try: " + CALL + " help" + command);
        return Command.COULD_NOT_RUN;
    }

    private int help(List<String> arguments) {
        if (arguments.isEmpty() || isHelp(arguments.get(0))) {
            terminal.out().print(overview());
            return Command.DONE;
        }
        String name = arguments.get(0);
        Command command = find(name);
        if (command == null) {
            if (name.equals("help")) {
                return help(List.of());
            }
            return noCommand(name);
        }
        terminal.out().print(about(command));
        return Command.DONE;
    }

    private static String overview() {
        StringBuilder commands = new StringBuilder();
        COMMANDS.forEach(command -> commands.append(line(command.name(), command.summary())));
        return """
                Multi-Session: many sessions per user, on the database of an app that knows one.

                Usage: %s COMMAND --db.url=FILE [OPTION]...

                The database is a SQLite file, or one of a PostgreSQL server:
                --db.url=jdbc:postgresql://HOST/DATABASE --db.user=NAME, with the password in
                the environment (MULTISESSION_DB_PASSWORD) or in ~/.pgpass.

                Commands:
                %s%s%s
                Every setting is an option too, without its prefix: --db.url=... sets
                multisession.db.url. A setting that is not given is looked up as a system
                property, then in the environment (MULTISESSION_DB_URL), as at a deploy:

                %s

                Exit codes: 0 done, 1 checked and not safe, 2 could not run.
                """.formatted(
                        CALL,
                        commands,
                        line("help", "this text; 'help COMMAND' tells more about one"),
                        line("version", "which version this is; also --version"),
                        Plurals.listed(Settings.keys().stream()
                                .map(key -> key.substring(SettingSources.PREFIX.length()))
                                .toList()));
    }

    private static String about(Command command) {
        StringBuilder options = new StringBuilder();
        if (command.options().isEmpty()) {
            options.append("It takes the settings as options, and no others.\n");
        } else {
            options.append("Options, besides the settings:\n");
            int widest = command.options().stream()
                    .mapToInt(option -> option.usage().length())
                    .max()
                    .orElse(0);
            command.options().forEach(option -> options.append(line(widest, option.usage(), option.meaning())));
        }
        return """
                %1$s: %2$s

                Usage: %3$s %1$s --db.url=FILE [OPTION]...

                %4$s

                %5$s""".formatted(command.name(), command.summary(), CALL, command.explanation(), options);
    }

    private static String line(String name, String meaning) {
        return line(9, name, meaning);
    }

    private static String line(int width, String name, String meaning) {
        return String.format(Locale.ROOT, "  %-" + width + "s  %s\n", name, meaning);
    }
}
