"""How `portfolio.similar` finds: by words in the database's full text, by meaning in this process's memory."""
