"""python -m appproxy.cli"""

from appproxy.cli.main import main

main()
