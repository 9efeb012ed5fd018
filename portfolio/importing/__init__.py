"""From a file people have to learning requests: propose a mapping, judge each row by it, take the good ones in."""
