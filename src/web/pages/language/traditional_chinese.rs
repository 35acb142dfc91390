//! Traditional Chinese, the language of the original application.

use time::macros::{format_description, offset};

use super::words::{Errors, Explanation, FormMessage, Words, text};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static TRADITIONAL_CHINESE: Words = Words {
    tag: text("zh-Hant"),
    name: text("繁體中文"),
    title: text("Signet"),
    home_link: None,
    description: text("登錄、查看您的登錄用戶名，以及登出。"),
    language: text("語言"),
    logged_in_as: text("登錄用戶名是:"),
    logged_in_at: text("登錄時間："),
    utc_offset: offset!(+8),
    time: format_description!(
        "[year]年[month padding:none]月[day padding:none]日 [hour]:[minute]（UTC+8）"
    ),
    click_to_log_out: text("點擊這裏註銷"),
    not_logged_in: text("您暫未登錄,"),
    click_to_log_in: text("點擊這裏登錄"),
    log_in: text("登錄"),
    switch_user: text("切換用戶"),
    username: text("用戶名"),
    password: text("密碼"),
    any_name_will_do: text("任何用戶名都可以，最多 64 個字元，不需要密碼。"),
    greets_by_name: text("登錄後，本頁會以您的用戶名問候您。"),
    logged_out_everywhere: text("您已登出所有裝置。"),
    username_refused: |error| match error {
        UsernameError::Empty => FormMessage::new("請輸入用戶名。", ""),
        UsernameError::TooLong(length) => FormMessage::new(
            format!("用戶名有 {length} 個字元，最多只能有 {MAX_CHARS} 個。"),
            "請縮短。",
        ),
        UsernameError::Invisible(character) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("用戶名含有看不見的字元（U+{code:04X}）。"),
                "請清空後重新輸入。",
            )
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("用戶名含有不能使用的字元（U+{code:04X}）。"),
                "請清空後重新輸入。",
            )
        }
        UsernameError::Character(None) => {
            FormMessage::new("用戶名中有字元的位置不對。", "請清空後重新輸入。")
        }
        UsernameError::NoBase => FormMessage::new("用戶名只有附加符號。", "請加上其他字元。"),
    },
    wrong_password: text("用戶名或密碼不正確，請再試一次。"),
    to_continue_to: text("繼續前往"),
    may_not_open: text(" 無權開啟 "),
    now_logged_in: text("您已登錄"),
    go_on_to: text("前往 "),
    nowhere_to_go: text("您可以關閉本頁，或前往您要瀏覽的網站。"),
    form_not_sent: Explanation {
        what_happened: text("您的登錄狀態已結束，表單沒有送出"),
        what_to_do: text("請重新登錄，然後再送出一次表單。"),
    },
    no_cookie: Explanation {
        what_happened: text("您的瀏覽器沒有保留 cookie"),
        what_to_do: text(
            "本站用 cookie 維持登錄狀態，但是您的瀏覽器沒有把它送回來。請允許本站使用 cookie，然後再試一次。如果已經允許，請告知網站管理員：登錄頁面的網域設定可能有誤。",
        ),
    },
    sent_in_circles: Explanation {
        what_happened: text("網頁一直重新導向"),
        what_to_do: text(
            "您已經登錄，但您要前往的網站沒有認出您，又把您送回這裏。請稍後再試一次。如果仍然不行，請告知網站管理員：網站的代理伺服器可能沒有轉送 cookie。",
        ),
    },
    try_again: text("再試一次"),
    wait: |seconds| FormMessage::wait("登錄失敗次數過多。", format!("請在 {seconds} 秒後再試。")),
    error: text("錯誤："),
    go_home: text("回到首頁"),
    really_log_out: text("確定要登出嗎？"),
    log_out_of_all_sites: [text("要登出 "), text(" 的所有網站嗎？")],
    another_site_asked: text("這個請求可能來自其他網站，所以您還沒有登出。您現在可以登出。"),
    log_out: text("登出"),
    log_out_everywhere: text("登出所有裝置"),
    really_log_out_everywhere: text("確定要登出所有裝置嗎？"),
    ends_every_session: [text(""), text(" 會在所有裝置上登出。")],
    errors: Errors {
        bad_request: Explanation {
            what_happened: text("無法處理這個請求"),
            what_to_do: text("請檢查網址是否正確，或者回到首頁再試一次。"),
        },
        forbidden: Explanation {
            what_happened: text("這個請求來自其他網站"),
            what_to_do: text("您的登錄狀態沒有改變，請回到首頁再試一次。"),
        },
        other_scheme: Explanation {
            what_happened: text("這不是本站的正確網址"),
            what_to_do: text("您的登錄狀態沒有改變。請從首頁重新開始，首頁的網址才是正確的。"),
        },
        not_found: Explanation {
            what_happened: text("找不到這個頁面"),
            what_to_do: text("請檢查網址是否正確。"),
        },
        method_not_allowed: Explanation {
            what_happened: text("這個頁面不能這樣使用"),
            what_to_do: text("請使用頁面上的連結和按鈕。"),
        },
        request_timeout: Explanation {
            what_happened: text("傳送逾時"),
            what_to_do: text("請檢查網路連線，然後再試一次。"),
        },
        content_too_large: Explanation {
            what_happened: text("送出的內容太長"),
            what_to_do: text("請縮短後再試一次。"),
        },
        unsupported_media_type: Explanation {
            what_happened: text("無法辨識送出的內容"),
            what_to_do: text("請使用登錄頁面上的表單。"),
        },
        unprocessable_content: Explanation {
            what_happened: text("這個用戶名不能使用"),
            what_to_do: text("請輸入 1 到 64 個字元，不能含有看不見的字元。"),
        },
        wrong_password: Explanation {
            what_happened: text("用戶名或密碼不正確"),
            what_to_do: text("您尚未登錄，請再試一次。"),
        },
        too_many_requests: Explanation {
            what_happened: text("登錄失敗次數過多"),
            what_to_do: text("請稍後再試。"),
        },
        internal_server_error: Explanation {
            what_happened: text("伺服器發生錯誤"),
            what_to_do: text("這不是您的問題，請稍後再試。"),
        },
        service_unavailable: Explanation {
            what_happened: text("服務暫時無法使用"),
            what_to_do: text("登錄或登出可能尚未完成，請稍後再試。"),
        },
        logout_failed: Explanation {
            what_happened: text("您仍處於登錄狀態"),
            what_to_do: text("現在無法登出，請再試一次。"),
        },
        logout_everywhere_failed: Explanation {
            what_happened: text("沒有登出任何裝置"),
            what_to_do: text("現在無法登出，您在所有裝置上仍處於登錄狀態，請再試一次。"),
        },
        may_be_logged_out: Explanation {
            what_happened: text("不確定是否已登出所有裝置"),
            what_to_do: text(
                "系統沒有及時得到確認。請回到首頁，如果您仍處於登錄狀態，請再試一次。",
            ),
        },
        insufficient_storage: Explanation {
            what_happened: text("儲存空間不足"),
            what_to_do: text("這次的變更沒有儲存，之前的內容不受影響。"),
        },
    },
};
