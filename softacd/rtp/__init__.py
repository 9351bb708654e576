"""Media, sans-IO (RFC 3550, 3551, 4733): packets, commands and `now` come in; packets and events go out."""
