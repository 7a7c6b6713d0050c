package org.multisession.copy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.multisession.migration.Step;

/** Makes one table of the target hold exactly the rows of the source. */
final class TableCopy {

    /** Gives the rows of the source, from the first one each time. */
    @FunctionalInterface
    interface Rows {
        RowStream open() throws SQLException;
    }

    /** How many rows there are, and what became of them. */
    record Counts(long rows, long carried, long updated, long deleted) {

        long differences() {
            return carried + updated + deleted;
        }
    }

    private final TablePlan plan;
    private final Rows source;
    private final Target target;
    private final Step step;

    TableCopy(TablePlan plan, Rows source, Target target, Step step) {
        this.plan = plan;
        this.source = source;
        this.target = target;
        this.step = step;
    }

    Counts run() throws SQLException {
        Counts counts;
        if (target.isEmpty(plan)) {
            counts = load(0);
        } else if (plan.hasKey()) {
            Target.Changes changes = target.change(plan);
            counts = compare(changes);
            changes.apply();
        } else {
            counts = replace();
        }
        step.end();
        return counts;
    }

    /** How the target differs from the source; changes nothing. */
    Counts compare() throws SQLException {
        Counts counts = plan.hasKey() ? compare(null) : compareWholes();
        step.end();
        return counts;
    }

    private Counts load(long before) throws SQLException {
        long rows = 0;
        try (RowStream from = source.open();
                Target.Writer writer = target.load(plan)) {
            for (@Nullable String[] row = from.next(); row != null; row = from.next()) {
                writer.add(row);
                step.at(++rows);
            }
        }
        return new Counts(rows, rows, 0, before);
    }

    /** Reads both in the order of the key, side by side. */
    private Counts compare(Target.@Nullable Changes changes) throws SQLException {
        long rows = 0;
        long carried = 0;
        long updated = 0;
        long deleted = 0;
        Faults unreadable = new Faults();
        try (RowStream from = source.open();
                RowStream to = target.rows(plan, unreadable)) {
            @Nullable String[] wanted = from.next();
            @Nullable String[] found = to.next();
            while (wanted != null || found != null) {
                int order = wanted == null ? 1 : found == null ? -1 : plan.compare(wanted, found);
                boolean isSame = order == 0 && Arrays.equals(wanted, found);
                if (changes != null && !isSame && order >= 0 && found != null) {
                    changes.remove(found);
                }
                if (changes != null && !isSame && order <= 0 && wanted != null) {
                    changes.add(wanted);
                }
                carried += order < 0 ? 1 : 0;
                deleted += order > 0 ? 1 : 0;
                updated += order == 0 && !isSame ? 1 : 0;
                if (order <= 0) {
                    step.at(++rows);
                    wanted = from.next();
                }
                if (order >= 0) {
                    found = to.next();
                }
            }
        }
        if (!unreadable.isEmpty()) {
            throw new CopyRefusedException("the target has rows in " + plan.name()
                    + " that do not fit its own columns. Copy to an empty database");
        }
        return new Counts(rows, carried, updated, deleted);
    }

    /** Without a key nobody can say which rows differ, only whether any does. */
    private Counts replace() throws SQLException {
        Whole found = whole(target.rows(plan, new Faults()));
        Whole wanted = whole(source.open());
        if (found.equals(wanted)) {
            return new Counts(wanted.rows(), 0, 0, 0);
        }
        target.clear(plan);
        return load(found.rows());
    }

    private Counts compareWholes() throws SQLException {
        Whole found = whole(target.rows(plan, new Faults()));
        Whole wanted = whole(source.open());
        long differences = found.equals(wanted) ? 0 : Math.max(1, Math.abs(wanted.rows() - found.rows()));
        return new Counts(wanted.rows(), 0, differences, 0);
    }

    /** A table as a whole, whatever the order of its rows: the sum of their digests. */
    private record Whole(long rows, long left, long right) {}

    private static Whole whole(RowStream stream) throws SQLException {
        long rows = 0;
        long left = 0;
        long right = 0;
        try (stream) {
            for (@Nullable String[] row = stream.next(); row != null; row = stream.next()) {
                byte[] digest = sha256(row);
                rows++;
                left += half(digest, 0);
                right += half(digest, 8);
            }
        }
        return new Whole(rows, left, right);
    }

    private static long half(byte[] digest, int from) {
        long half = 0;
        for (int i = from; i < from + 8; i++) {
            half = half << 8 | (digest[i] & 0xff);
        }
        return half;
    }

    private static byte[] sha256(@Nullable String[] row) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String value : row) {
                // With its length, so that no value runs into the next one.
                String text = value == null ? "NULL" : value.length() + ":" + value;
                digest.update(text.getBytes(StandardCharsets.UTF_8));
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
