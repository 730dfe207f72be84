SELECT cursor FROM worker_cursors WHERE worker = 'network_baselines'
