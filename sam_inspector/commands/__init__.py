"""What each shell command does; `cli` declares how it is called. Heavy imports wait until a command needs them."""
