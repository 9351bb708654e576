"""The only sockets and clocks: transports, media engine, driver."""
