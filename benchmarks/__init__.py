"""What softacd costs and how fast it is, measured beside something known in the same run. `softacd bench --list`"""
