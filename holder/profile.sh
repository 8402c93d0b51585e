# shellcheck shell=sh
# What the first shell of a terminal reads instead of its own start files. It reads those of a login shell, and then gives
# back what they took: a variable of the image survives /etc/profile, one of the session survives the person's files too.
# Any POSIX shell can read it. PATH is never replaced as a whole: what a start file adds stays.

_sandlot_path=$PATH
for _sandlot in ${SANDLOT_IMAGE_ENV-} ${SANDLOT_SESSION_ENV-}; do
    eval "_sandlot_of_$_sandlot=\${$_sandlot-}"
done

_sandlot_give_back() {
    for _sandlot in $1; do
        eval "export $_sandlot; $_sandlot=\$_sandlot_of_$_sandlot"
    done
}

# Lets $1 have each entry of $2 once, behind what it has, except those in $3.
_sandlot_join() {
    _sandlot_joined=$1
    _sandlot_rest=$2:
    while [ -n "$_sandlot_rest" ]; do
        _sandlot=${_sandlot_rest%%:*}
        _sandlot_rest=${_sandlot_rest#*:}
        case :$_sandlot_joined:$3: in
        *":$_sandlot:"*) ;;
        *) _sandlot_joined=$_sandlot_joined:$_sandlot ;;
        esac
    done
}

if [ -r /etc/profile ]; then
    # shellcheck source=/dev/null
    . /etc/profile
fi
# What a Debian or an Alpine sets for everybody is no addition.
_sandlot_join "$_sandlot_path" "$PATH" \
    /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/games:/usr/games
PATH=$_sandlot_joined
export PATH
_sandlot_give_back "${SANDLOT_IMAGE_ENV-}"

_sandlot_file=$HOME/.profile
if [ -n "${BASH_VERSION-}" ]; then
    for _sandlot in "$HOME/.bash_login" "$HOME/.bash_profile"; do
        if [ -r "$_sandlot" ]; then
            _sandlot_file=$_sandlot
        fi
    done
fi
if [ -r "$_sandlot_file" ]; then
    # shellcheck source=/dev/null
    . "$_sandlot_file"
fi
case " ${SANDLOT_SESSION_ENV-} " in
*" PATH "*)
    case :$PATH: in
    *":$_sandlot_path:"*) ;;
    *)
        _sandlot_join "$_sandlot_path" "$PATH" ""
        PATH=$_sandlot_joined
        ;;
    esac
    ;;
*)
    _sandlot_join "$PATH" "$_sandlot_path" ""
    PATH=$_sandlot_joined
    ;;
esac
_sandlot_names=
for _sandlot in ${SANDLOT_SESSION_ENV-}; do
    if [ "$_sandlot" != PATH ]; then
        _sandlot_names="$_sandlot_names $_sandlot"
    fi
done
_sandlot_give_back "$_sandlot_names"

for _sandlot in ${SANDLOT_IMAGE_ENV-} ${SANDLOT_SESSION_ENV-}; do
    unset "_sandlot_of_$_sandlot"
done
# Set for a shell that was led here by ENV, which is the session's own from here on.
_sandlot_file=
if [ -n "${SANDLOT_ENV_FILE+set}" ]; then
    _sandlot_file=$SANDLOT_ENV_FILE
    unset ENV
    if [ -n "$_sandlot_file" ]; then
        export ENV="$_sandlot_file"
    fi
fi
unset SANDLOT_IMAGE_ENV SANDLOT_SESSION_ENV SANDLOT_ENV_FILE
unset _sandlot _sandlot_path _sandlot_joined _sandlot_rest _sandlot_names
unset -f _sandlot_give_back _sandlot_join
if [ -r "$_sandlot_file" ]; then
    # shellcheck source=/dev/null
    . "$_sandlot_file"
fi
unset _sandlot_file
