package org.multisession.user;

import java.util.Set;

/** Which columns the team's {@code users} table has beside {@code id}, {@code phone} and {@code auth_token}. */
public record UserColumns(boolean hasPlan, boolean hasCreatedAt) {

    /** Picks them from the names of all columns, in lower case. */
    public static UserColumns of(Set<String> names) {
        return new UserColumns(names.contains("plan"), names.contains("created_at"));
    }

    /**
     * The plan as an expression of a SELECT. Qualified, because SQLite takes a lone quoted name that it does not know
     * for a string.
     */
    public String planOf(String alias) {
        return hasPlan ? alias + ".\"plan\"" : "NULL";
    }
}
