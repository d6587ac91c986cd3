//! A database for each test, copied from one that the migrations made once: running them takes longer than most tests.

use crate::world::Kind;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, Database as Connected, DatabaseConnection, Statement};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A database that exists as long as this does.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
    server: Option<(String, String)>,
}

/// What the migrations say, in short: another text makes another template.
static MIGRATIONS: LazyLock<String> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/src");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    format!("{:x}", hash.finalize())[..16].to_owned()
});

/// The lock under which the template is made on a server.
const TEMPLATE_LOCK: i64 = 0x6167_7465_6d70_6c61;

impl Database {
    pub(crate) async fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::sqlite().await,
            Kind::Postgres => Self::postgres().await,
        }
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let template = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.db", *MIGRATIONS));
        if !template.is_file() {
            let making = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            migrate(&format!("sqlite://{}?mode=rwc", making.path().display())).await;
            // Whoever comes first: what the others make is the same.
            making.persist(&template).unwrap();
        }
        std::fs::copy(template, &file).unwrap();
        Self {
            url: format!("sqlite://{}?mode=rwc", file.display()),
            _folder: Some(folder),
            server: None,
        }
    }

    async fn postgres() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests have no settings")]
        let server = std::env::vars().find(|(name, _)| name == "TEST_DATABASE_URL");
        let server = server.map_or_else(
            || "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable".to_owned(),
            |(_, url)| url,
        );
        let template = template(&server).await;
        let name = format!(
            "auditgraph_test_{:032x}",
            StdRng::from_os_rng().random::<u128>()
        );
        run(
            &server,
            &[&format!("CREATE DATABASE {name} TEMPLATE {template}")],
        )
        .await;
        Self {
            url: of(&server, &name),
            _folder: None,
            server: Some((server, name)),
        }
    }
}

/// The server's database that all others are copied from, by name; the first test makes it, and it stays.
async fn template(server: &str) -> String {
    let name = format!("auditgraph_template_{}", *MIGRATIONS);
    let db = connect(server).await;
    let ready = async || {
        let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate");
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.query_one_raw(statement).await.unwrap().is_some()
    };
    if !ready().await {
        let one = db.get_postgres_connection_pool().acquire().await.unwrap();
        let mut alone = one.detach();
        let mut say = async |sql: String| {
            use sqlx::Executor;
            alone.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        };
        // Held until the connection closes.
        say(format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
        if !ready().await {
            say(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            say(format!("CREATE DATABASE {name}")).await;
            migrate(&of(server, &name)).await;
            say(format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
        }
    }
    db.close().await.unwrap();
    name
}

async fn connect(url: &str) -> DatabaseConnection {
    Box::pin(Connected::connect(url)).await.unwrap()
}

async fn migrate(url: &str) {
    let db = connect(url).await;
    migrations::up(&db).await.unwrap();
    db.close().await.unwrap();
}

/// The URL of another database on the same server.
fn of(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

async fn run(server: &str, statements: &[&str]) {
    let db = connect(server).await;
    for statement in statements {
        db.execute_unprepared(statement).await.unwrap();
    }
    db.close().await.unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else {
            return;
        };
        // A test's runtime may be gone already, so this one brings its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.block_on(run(&server, &[&drop]));
        });
        let _ = dropped.join();
    }
}
