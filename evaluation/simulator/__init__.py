"""simulator: how human is the simulated user? Its messages beside those of people."""
