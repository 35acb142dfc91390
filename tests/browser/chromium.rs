//! A headless Chromium with a profile of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

/// How a visitor looks at the site.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Names the screenshots.
    pub name: &'static str,
    /// In CSS pixels.
    pub width: u32,
    pub dark: bool,
}

/// The browser. It ends with the test.
pub struct Chromium {
    client: Client,
    view: View,
    driver: Child,
    port: u16,
    _profile: TempDir,
}

impl Chromium {
    pub async fn start(view: View) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let port: u16 = BufReader::new(driver.stdout.take().expect("piped"))
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let port = line.split("started successfully on port ").nth(1)?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");

        let profile = tempfile::tempdir().expect("a directory");
        let mut args = vec![
            format!("--user-data-dir={}", profile.path().display()),
            "--headless".to_owned(),
            // Tests run as root in containers, where Chromium's own sandbox cannot start.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
        ];
        if view.dark {
            args.push("--force-dark-mode".to_owned());
        }
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": args,
                "mobileEmulation": {
                    "deviceMetrics": {
                        "width": view.width, "height": 720, "pixelRatio": 1.0,
                        "touch": false, "mobile": false,
                    },
                },
            },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self {
            client,
            view,
            driver,
            port,
            _profile: profile,
        }
    }

    pub async fn go_to(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// Clicks the link with this text, and waits for the page that it leads to.
    pub async fn click_link(&self, text: &str) {
        self.follow(Locator::LinkText(text)).await;
    }

    /// Presses the button with this text, and waits for the page that it leads to.
    pub async fn press_button(&self, text: &str) {
        self.follow(Locator::XPath(&format!("//button[.='{text}']")))
            .await;
    }

    /// Types into the form's field once it has the focus, which nobody has to give it.
    pub async fn type_text(&self, text: &str) {
        self.wait_until("document.activeElement.matches('input')")
            .await;
        let field = self.client.active_element().await.expect("a focus");
        field.send_keys(text).await.expect("the keys arrive");
    }

    /// The path of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page");
        url.path().to_owned()
    }

    /// The text on the page, as it is rendered.
    pub async fn text(&self) -> String {
        let main = self.find(Locator::Css("main")).await;
        main.text().await.expect("a text")
    }

    /// Waits for the page with this heading.
    pub async fn wait_for_heading(&self, text: &str) {
        self.wait_until(&format!(
            "document.querySelector('h1')?.textContent == '{text}'"
        ))
        .await;
    }

    /// What stands in the form's field.
    pub async fn field(&self) -> String {
        let field = self.find(Locator::Css("input")).await;
        let value = field.prop("value").await.expect("a value");
        value.expect("a value")
    }

    /// What a script on the page makes of this expression.
    pub async fn evaluate(&self, expression: &str) -> serde_json::Value {
        let script = format!("return {expression}");
        let value = self.client.execute(&script, Vec::new()).await;
        value.expect("the script runs")
    }

    /// Writes a picture of the page to `target/screenshots`.
    pub async fn take_screenshot(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&dir).expect("a directory");
        let file = dir.join(format!("{}-{name}.png", self.view.name));
        fs::write(file, png).expect("a file");
    }

    async fn follow(&self, locator: Locator<'_>) {
        let element = self.find(locator).await;
        self.evaluate("window.isLeft = true").await;
        element.click().await.expect("a click");
        // WebDriver may answer before the next page has begun to load.
        self.wait_until("!window.isLeft && document.readyState === 'complete'")
            .await;
    }

    async fn wait_until(&self, condition: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.evaluate(condition).await != true {
            assert!(Instant::now() < deadline, "never true: {condition}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn find(&self, locator: Locator<'_>) -> Element {
        let found = self.client.find(locator).await;
        found.unwrap_or_else(|error| panic!("no {locator:?}: {error}"))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Killed, chromedriver would leave its browser behind; asked, it takes it along.
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let _ = driver.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
