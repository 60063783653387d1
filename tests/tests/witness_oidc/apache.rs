//! mod_auth_openidc in Debian's Apache: an older client, with the exceptions for it. The guide's
//! lines for both sides are the ones used here.

use crate::guide;
use crate::visitor::visit;
use kazasu_demo::browser::Browser;
use kazasu_demo::process::free_port;
use kazasu_emulator::holder::Holder;
use kazasu_tests::not_run;
use kazasu_tests::world::{TARO, World, pins};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use url::Url;

const APACHE: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// What Apache needs besides the guide's lines.
fn server(port: u16, folder: &Path) -> String {
    let modules = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "filter",
        "include",
        "auth_openidc",
    ];
    let modules = modules.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"));
    let folder = folder.display();
    format!(
        "ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\nServerName 127.0.0.1\n\
         Listen 127.0.0.1:{port}\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n{}\
         DocumentRoot {folder}/pages\n<Directory {folder}/pages>\nOptions +Includes\n\
         SetOutputFilter INCLUDES\nForceType text/html\n</Directory>\n",
        modules.concat()
    )
}

/// An Apache with its workers; they end with it.
struct Apache {
    home: String,
    child: Child,
    _folder: TempDir,
}

impl Apache {
    /// With the guide's lines for Apache; returns once it serves.
    fn start(port: u16, lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Its workers are not root, even where this test is.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::create_dir_all(folder.path().join("pages/private")).unwrap();
        let page = "user=<!--#echo var=\"REMOTE_USER\" -->\n\
                    purpose=<!--#echo var=\"OIDC_CLAIM_purpose\" -->\n";
        std::fs::write(folder.path().join("pages/private/index"), page).unwrap();
        let file = folder.path().join("apache.conf");
        std::fs::write(&file, server(port, folder.path()) + lines).unwrap();
        let mut command = Command::new(APACHE);
        command.arg("-DFOREGROUND").arg("-f").arg(&file);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut apache = Self {
            home: format!("http://127.0.0.1:{port}"),
            child,
            _folder: folder,
        };
        let log = BufReader::new(apache.child.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        // "resuming normal operations"
        let ready = lines.by_ref().any(|line| line.contains("AH00489"));
        assert!(ready, "Apache ended; apache2 -t -f says why");
        // What it says later has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        apache
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // Killed, it would leave its workers behind.
        let id = Pid::from_raw(self.child.id().try_into().expect("a process number"));
        let asked = kill(id, Signal::SIGTERM);
        let ended = self.child.wait();
        assert!(asked.is_ok() && ended.is_ok() || std::thread::panicking());
    }
}

/// A verifier that knows the guide's Apache, and that Apache; `None` if it is not installed.
async fn start(test: &str) -> Option<(World, Apache)> {
    let module = Path::new(MODULES).join("mod_auth_openidc.so");
    if !module.exists() || !Path::new(APACHE).exists() {
        not_run(test, "not installed: apache2, libapache2-mod-auth-openidc");
        return None;
    }
    let port = free_port().unwrap();
    let world = World::with_tables(Holder::samples(), &guide::apache_registration(port)).await;
    let world = world.unwrap();
    let lines = guide::apache_lines(port, &world.verifier.origin);
    Some((world, Apache::start(port, &lines)))
}

#[tokio::test]
async fn apache_shows_its_page_to_who_tapped() {
    let Some((world, apache)) = start("apache_shows_its_page_to_who_tapped").await else {
        return;
    };
    let page = visit(&world, &format!("{}/private/index", apache.home)).await;
    assert_eq!(page.status, 200, "{}", page.html);
    let portal = world.tap(&world.portal, "view", &pins(TARO)).await.unwrap();
    assert!(
        page.html.contains(&format!("user={}\n", portal.ppid)),
        "{}",
        page.html
    );
    assert!(page.html.contains("purpose=view\n"), "{}", page.html);
}

#[tokio::test]
async fn apache_shows_nothing_to_who_cancelled() {
    let Some((_world, apache)) = start("apache_shows_nothing_to_who_cancelled").await else {
        return;
    };
    let mut browser = Browser::new();
    let url = Url::parse(&format!("{}/private/index", apache.home)).unwrap();
    let authorization = browser.open(&url).await.unwrap().callback().unwrap();
    let start = browser.open(&authorization).await.unwrap().page().unwrap();
    let cancel = format!("{}/cancel", start.url.path());
    let answer = browser
        .submit(&start, &cancel, &[])
        .await
        .unwrap()
        .callback()
        .unwrap();
    let page = browser.open(&answer).await.unwrap().page().unwrap();
    // The module takes `iss` without a code for somebody who wants to begin, and refuses that.
    assert!(
        page.html.contains("Error") && !page.html.contains("user="),
        "{}",
        page.html
    );
}
