//! Simplified Chinese.

use time::macros::{format_description, offset};

use super::words::{Errors, Explanation, FormMessage, Words, text};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static SIMPLIFIED_CHINESE: Words = Words {
    tag: text("zh-Hans"),
    name: text("简体中文"),
    title: text("Signet"),
    home_link: None,
    description: text("登录、查看您的登录用户名，以及退出登录。"),
    language: text("语言"),
    logged_in_as: text("登录用户名是:"),
    logged_in_at: text("登录时间："),
    utc_offset: offset!(+8),
    time: format_description!(
        "[year]年[month padding:none]月[day padding:none]日 [hour]:[minute]（UTC+8）"
    ),
    click_to_log_out: text("点击这里注销"),
    not_logged_in: text("您暂未登录,"),
    click_to_log_in: text("点击这里登录"),
    log_in: text("登录"),
    switch_user: text("切换用户"),
    username: text("用户名"),
    password: text("密码"),
    any_name_will_do: text("用户名可以任意填写，最多 64 个字符，不需要密码。"),
    greets_by_name: text("登录后，本页会用您的用户名问候您。"),
    logged_out_everywhere: text("您已在所有设备上退出登录。"),
    username_refused: |error| match error {
        UsernameError::Empty => FormMessage::new("请输入用户名。", ""),
        UsernameError::TooLong(length) => FormMessage::new(
            format!("用户名有 {length} 个字符，最多只能有 {MAX_CHARS} 个。"),
            "请缩短。",
        ),
        UsernameError::Invisible(character) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("用户名含有看不见的字符（U+{code:04X}）。"),
                "请清空后重新输入。",
            )
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("用户名含有不能使用的字符（U+{code:04X}）。"),
                "请清空后重新输入。",
            )
        }
        UsernameError::Character(None) => {
            FormMessage::new("用户名中有字符的位置不对。", "请清空后重新输入。")
        }
        UsernameError::NoBase => FormMessage::new("用户名只有附加符号。", "请加上其他字符。"),
    },
    wrong_password: text("用户名或密码不正确，请再试一次。"),
    to_continue_to: text("继续前往"),
    may_not_open: text(" 无权打开 "),
    now_logged_in: text("您已登录"),
    go_on_to: text("前往 "),
    nowhere_to_go: text("您可以关闭本页，或前往您要浏览的网站。"),
    form_not_sent: Explanation {
        what_happened: text("您的登录状态已结束，表单没有提交"),
        what_to_do: text("请重新登录，然后再提交一次表单。"),
    },
    no_cookie: Explanation {
        what_happened: text("您的浏览器没有保留 cookie"),
        what_to_do: text(
            "本站用 cookie 保持登录状态，但是您的浏览器没有把它发回来。请允许本站使用 cookie，然后再试一次。如果已经允许，请告知网站管理员：登录页面的域名设置可能有误。",
        ),
    },
    sent_in_circles: Explanation {
        what_happened: text("网页一直在重定向"),
        what_to_do: text(
            "您已经登录，但您要前往的网站没有识别出您，又把您送回这里。请稍后再试一次。如果仍然不行，请告知网站管理员：网站的代理服务器可能没有转发 cookie。",
        ),
    },
    try_again: text("再试一次"),
    wait: |seconds| FormMessage::wait("登录失败次数过多。", format!("请在 {seconds} 秒后再试。")),
    error: text("错误："),
    go_home: text("返回首页"),
    really_log_out: text("确定要退出登录吗？"),
    log_out_of_all_sites: [text("要退出 "), text(" 的所有网站吗？")],
    another_site_asked: text(
        "这个请求可能来自其他网站，所以您还没有退出登录。您现在可以退出登录。",
    ),
    log_out: text("退出登录"),
    log_out_everywhere: text("在所有设备上退出登录"),
    really_log_out_everywhere: text("在所有设备上退出登录？"),
    ends_every_session: [text(""), text(" 会在所有设备上退出登录。")],
    errors: Errors {
        bad_request: Explanation {
            what_happened: text("无法处理这个请求"),
            what_to_do: text("请检查网址是否正确，或者返回首页再试一次。"),
        },
        forbidden: Explanation {
            what_happened: text("这个请求来自其他网站"),
            what_to_do: text("您的登录状态没有改变，请返回首页再试一次。"),
        },
        other_scheme: Explanation {
            what_happened: text("这不是本站的正确网址"),
            what_to_do: text("您的登录状态没有改变。请从首页重新开始，首页的网址才是正确的。"),
        },
        not_found: Explanation {
            what_happened: text("找不到这个页面"),
            what_to_do: text("请检查网址是否正确。"),
        },
        method_not_allowed: Explanation {
            what_happened: text("这个页面不能这样使用"),
            what_to_do: text("请使用页面上的链接和按钮。"),
        },
        request_timeout: Explanation {
            what_happened: text("提交超时"),
            what_to_do: text("请检查网络连接，然后再试一次。"),
        },
        content_too_large: Explanation {
            what_happened: text("提交的内容太长"),
            what_to_do: text("请缩短后再试一次。"),
        },
        unsupported_media_type: Explanation {
            what_happened: text("无法识别提交的内容"),
            what_to_do: text("请使用登录页面上的表单。"),
        },
        unprocessable_content: Explanation {
            what_happened: text("这个用户名不能使用"),
            what_to_do: text("请输入 1 到 64 个字符，不能含有看不见的字符。"),
        },
        wrong_password: Explanation {
            what_happened: text("用户名或密码不正确"),
            what_to_do: text("您尚未登录，请再试一次。"),
        },
        too_many_requests: Explanation {
            what_happened: text("登录失败次数过多"),
            what_to_do: text("请稍后再试。"),
        },
        internal_server_error: Explanation {
            what_happened: text("服务器出错了"),
            what_to_do: text("这不是您的问题，请稍后再试。"),
        },
        service_unavailable: Explanation {
            what_happened: text("服务暂时无法使用"),
            what_to_do: text("登录或退出登录可能尚未完成，请稍后再试。"),
        },
        logout_failed: Explanation {
            what_happened: text("您仍处于登录状态"),
            what_to_do: text("现在无法退出登录，请再试一次。"),
        },
        logout_everywhere_failed: Explanation {
            what_happened: text("没有结束任何设备上的登录"),
            what_to_do: text("现在无法退出登录，您在所有设备上仍处于登录状态，请再试一次。"),
        },
        may_be_logged_out: Explanation {
            what_happened: text("不确定是否已在所有设备上退出登录"),
            what_to_do: text(
                "系统没有及时得到确认。请返回首页，如果您仍处于登录状态，请再试一次。",
            ),
        },
        insufficient_storage: Explanation {
            what_happened: text("存储空间不足"),
            what_to_do: text("这次的更改没有保存，之前的内容不受影响。"),
        },
    },
};
