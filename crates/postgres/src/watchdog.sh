# Outlives the process that holds the other end of its standard input, by as long as it takes to
# stop that process's server and to remove its folder. $1 is the folder; each line read is the
# process id of the server that now runs, or 0 for none.
trap '' HUP INT QUIT TERM
folder=$1
pid=0
while read -r line; do pid=$line; done

if [ "$pid" -gt 1 ] && kill -QUIT "$pid" 2>/dev/null; then
    # An immediate shutdown takes up to 5 s (then the server itself kills its backends); 10 s here.
    # Its lock file is the last that goes; the process id may stay, if nobody reaps orphans here.
    rounds=0
    while [ "$rounds" -lt 200 ] && [ -e "$folder/data/postmaster.pid" ] &&
        kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
        rounds=$((rounds + 1))
    done
    kill -KILL "$pid" 2>/dev/null
fi

# Backends of a killed server may still be writing for a moment.
rounds=0
while [ "$rounds" -lt 100 ] && ! rm -rf "$folder" 2>/dev/null; do
    sleep 0.05
    rounds=$((rounds + 1))
done
