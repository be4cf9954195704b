"""Response, time to event and safety variables: one rule per function, every row says why and from what."""
