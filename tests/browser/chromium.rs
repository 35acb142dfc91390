//! A headless Chromium, with a profile of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element, key::Key};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

/// The settings of a visitor's browser.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The languages that the browser asks for, separated by commas.
    pub languages: &'static str,
    /// The width of the viewport, in CSS pixels.
    pub width: u32,
    pub dark: bool,
}

/// A running browser. It is closed on drop.
pub struct Chromium {
    client: Client,
    view: View,
    driver: Child,
    port: u16,
    _profile: TempDir,
}

impl Chromium {
    pub async fn start(view: View) -> Self {
        Self::start_with(view, &[]).await
    }

    /// Starts one with these further arguments.
    pub async fn start_with(view: View, more_args: &[&str]) -> Self {
        Self::start_as(view, more_args, true).await
    }

    /// Starts one that has these further arguments, and keeps no cookies.
    pub async fn start_without_cookies(view: View, more_args: &[&str]) -> Self {
        Self::start_as(view, more_args, false).await
    }

    async fn start_as(view: View, more_args: &[&str], has_cookies: bool) -> Self {
        // Rarely, one ends at once, because another program took its port first.
        let (driver, port) = (0..5)
            .find_map(|_| start_driver())
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
        args.extend(more_args.iter().map(ToString::to_string));
        if view.dark {
            args.push("--force-dark-mode".to_owned());
        }
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": args,
                "prefs": {
                    "intl.accept_languages": view.languages,
                    // 1 allows cookies, and 2 blocks them.
                    "profile.default_content_setting_values.cookies": if has_cookies { 1 } else { 2 },
                },
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

    /// Types into the form's field once it has the focus, which `autofocus` gives it.
    pub async fn type_text(&self, text: &str) {
        self.wait_until("document.activeElement.matches('input')")
            .await;
        let field = self.client.active_element().await.expect("a focus");
        field.send_keys(text).await.expect("the keys arrive");
    }

    /// Types into the form's field for the password.
    pub async fn type_password(&self, password: &str) {
        let field = self.find(Locator::Css("input[type=password]")).await;
        field.send_keys(password).await.expect("the keys arrive");
    }

    /// Forgets the cookies of the page that is shown.
    pub async fn forget_cookies(&self) {
        self.client.delete_all_cookies().await.expect("no cookies");
    }

    /// Returns the path of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page");
        url.path().to_owned()
    }

    /// Returns the whole address of the page that is shown.
    pub async fn address(&self) -> String {
        self.client.current_url().await.expect("a page").into()
    }

    /// Waits until the page with this address has loaded.
    pub async fn wait_for_address(&self, address: &str) {
        let address = json!(address);
        self.wait_until(&format!(
            "location.href == {address} && document.readyState == 'complete'"
        ))
        .await;
    }

    /// Returns the rendered text of the page's `main` element.
    pub async fn text(&self) -> String {
        let main = self.find(Locator::Css("main")).await;
        main.text().await.expect("a text")
    }

    /// Waits for the page whose heading begins with this text.
    pub async fn wait_for_heading(&self, text: &str) {
        let text = json!(text);
        self.wait_until(&format!(
            "document.querySelector('h1')?.textContent.startsWith({text}) && document.readyState == 'complete'"
        ))
        .await;
    }

    pub async fn title(&self) -> String {
        self.client.title().await.expect("a title")
    }

    /// Presses Tab, and asserts that the element with this text now has the focus and an outline.
    pub async fn tab_to(&self, text: &str) {
        self.press_key(Key::Tab).await;
        let focused = self.evaluate("document.activeElement.textContent").await;
        assert_eq!(focused, text);
        let outline = "getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(self.evaluate(outline).await, "solid", "{text}");
    }

    /// Returns the text in the form's field.
    pub async fn field(&self) -> String {
        let field = self.find(Locator::Css("input")).await;
        let value = field.prop("value").await.expect("a value");
        value.expect("a value")
    }

    /// Returns the value of a JavaScript expression on the page.
    pub async fn evaluate(&self, expression: &str) -> serde_json::Value {
        let script = format!("return {expression}");
        let value = self.client.execute(&script, Vec::new()).await;
        value.expect("the script runs")
    }

    /// Writes a screenshot of the page to `target/screenshots`.
    pub async fn take_screenshot(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&dir).expect("a directory");
        let View {
            languages,
            width,
            dark,
        } = self.view;
        let light = if dark { "dark" } else { "light" };
        let file = dir.join(format!("{name}-{languages}-{width}-{light}.png"));
        fs::write(file, png).expect("a file");
    }

    /// Returns which part of the pixels, from 0 to 1, differs clearly from this PNG. Leaves the page.
    pub async fn difference_from(&self, png: &[u8]) -> f64 {
        const COMPARE: &str = "
            const done = arguments[2];
            const pixels = async base64 => {
                const image = new Image();
                image.src = 'data:image/png;base64,' + base64;
                await image.decode();
                const {width, height} = image;
                const context = new OffscreenCanvas(width, height).getContext('2d');
                context.drawImage(image, 0, 0);
                return {width, height, data: context.getImageData(0, 0, width, height).data};
            };
            Promise.all([pixels(arguments[0]), pixels(arguments[1])]).then(([a, b]) => {
                if (a.width !== b.width || a.height !== b.height) return done(1);
                const far = a.data.filter((value, at) => Math.abs(value - b.data[at]) > 64);
                done(far.length / a.data.length);
            }, error => done(String(error)));
        ";
        let shown = self.client.screenshot().await.expect("a picture");
        // The pages allow no pictures from elsewhere.
        self.go_to("about:blank").await;
        let pictures = [&*shown, png].map(|png| json!(STANDARD.encode(png)));
        let compared = self.client.execute_async(COMPARE, pictures.into()).await;
        let compared = compared.expect("the script runs");
        compared.as_f64().unwrap_or_else(|| panic!("{compared}"))
    }

    /// Presses a key wherever the focus is.
    pub async fn press_key(&self, key: Key) {
        let focused = self.client.active_element().await.expect("a focus");
        let key = char::from(key).to_string();
        focused.send_keys(&key).await.expect("the key arrives");
    }

    /// Presses Enter wherever the focus is, and waits for the page that it leads to.
    pub async fn press_enter(&self) {
        self.evaluate("window.isLeft = true").await;
        self.press_key(Key::Enter).await;
        self.wait_for_the_next_page().await;
    }

    /// Asserts that axe-core finds no violation on the page, and nothing that it cannot decide.
    pub async fn assert_is_accessible(&self) {
        const RUN: &str = "
            const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag2aaa', 'wcag21a', 'wcag21aa', 'wcag22a',
                'wcag22aa', 'best-practice'];
            axe.run({runOnly: tags}).then(found => done([
                found.passes.length,
                [...found.violations, ...found.incomplete].map(rule =>
                    [rule.id, rule.help, rule.nodes.map(node => [node.html, node.failureSummary])]),
            ]), error => done([0, String(error)]));
        ";
        let axe = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/ci/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(axe).expect("axe-core, which .ci/run installs");
        self.client.execute(&axe, Vec::new()).await.expect("axe");
        let found = self.client.execute_async(RUN, Vec::new()).await;
        let found = found.expect("axe runs");
        assert!(found[0].as_u64() > Some(15), "few rules apply: {found:#}");
        assert_eq!(found[1], json!([]), "{:?}: {found:#}", self.view);
    }

    async fn follow(&self, locator: Locator<'_>) {
        let element = self.find(locator).await;
        self.evaluate("window.isLeft = true").await;
        element.click().await.expect("a click");
        self.wait_for_the_next_page().await;
    }

    /// Waits until the next page has loaded: WebDriver may answer before it begins to load.
    pub async fn wait_for_the_next_page(&self) {
        self.wait_until("!window.isLeft && document.readyState === 'complete'")
            .await;
    }

    pub async fn wait_until(&self, condition: &str) {
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

/// Starts chromedriver. Returns the port that it listens on, too.
fn start_driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let port = BufReader::new(driver.stdout.take().expect("piped"))
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse().ok()
        });
    if port.is_none() {
        let _ = driver.kill();
        let _ = driver.wait();
    }
    Some((driver, port?))
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // When asked to shut down, chromedriver closes its browser. When killed, it does not.
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let _ = driver.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
