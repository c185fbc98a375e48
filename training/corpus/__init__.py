"""From packages on disk or in a registry to licensed, filtered, de-duplicated, split text."""
