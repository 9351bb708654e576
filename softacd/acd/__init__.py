"""Hot core: queues, agents, the distributor and the estimator of waiting time. Pure and lock-free."""
