-- Made after every other trigger of ours, and anew whenever one of those is: whichever comes after it in the catalogue was put
-- back by somebody else, who has rebuilt a table and so took it away for a while. It does nothing. VACUUM and .dump keep
-- the order, and tools that write triggers by their names come to it last.
CREATE TRIGGER IF NOT EXISTS multisession_watched AFTER DELETE ON multisession_state WHEN 0
BEGIN
	SELECT 1;
END
