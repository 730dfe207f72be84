//! A second disk of a few megabytes, so that a server can run out of space for real (ENOSPC).
//!
//! It is a tmpfs mounted in a mount namespace that only the server's processes are in: the kernel
//! unmounts it when the last of them has ended, however that comes about. Root makes the namespace as
//! root and then becomes the server's user; anybody else needs a user namespace besides.
//!
//! What a server does with it is in `server/small_disk.rs`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::error::{StartError, file_error};

/// Mounts the disk ($1, options $2), then becomes what follows. Capabilities that were needed for
/// mounting go, so that the server runs as an ordinary process.
const MOUNT: &str = "mount -t tmpfs -o \"$2\" small_disk \"$1\" && shift 2 && exec \"$@\"";

/// A small disk of one server.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    pub(crate) folder: PathBuf,
    pub(crate) bytes: u64,
}

impl SmallDisk {
    /// Makes the folder that the disk will be mounted on.
    pub(crate) fn make(
        server_folder: &Path,
        bytes: u64,
        account: &Account,
    ) -> Result<Self, StartError> {
        let folder = server_folder.join("small_disk");
        std::fs::create_dir(&folder).map_err(file_error("make", &folder))?;
        account.own(&folder)?;
        Ok(Self { folder, bytes })
    }

    /// `sh`, run as the server's user where the disk is mounted; its arguments are to follow.
    pub(crate) fn command(&self, account: &Account) -> Command {
        let (uid, gid) = (account.uid, account.gid);
        let mut command = Command::new("unshare");
        if !account.switches() {
            command.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        command.args(["--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh"]);
        command.arg(&self.folder);
        command.arg(format!("size={},uid={uid},gid={gid},mode=0700", self.bytes));
        command.arg("setpriv");
        if account.switches() {
            command.arg(format!("--reuid={uid}"));
            command.args([&format!("--regid={gid}"), "--clear-groups"]);
        }
        command.args(["--inh-caps=-all", "--ambient-caps=-all", "sh"]);
        command
    }

    /// The file that takes the room away; the server does not mind what lies beside its own folder.
    pub(crate) fn filler(&self) -> String {
        literal(&self.folder.join("filler").to_string_lossy())
    }
}

/// A quoted literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
