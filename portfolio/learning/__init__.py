"""Learning data in: where it comes from, how it is fetched or taken in, what is kept of it, and what it says of our projects."""
