# What several pages of the portal say.

home = アカウントの本人確認
    .text = パスワードを忘れたとき、多要素認証が使えなくなったときに、マイナンバーカードをかざして、ご自分のアカウントを取り戻せます。
data = 大学が受け取るのは、このサービスだけで使うIDと、カードの氏名だけです。マイナンバー、住所、生年月日、性別、暗証番号は受け取りません。
support = 相談窓口
card-name = カードの氏名
account = アカウント
account-names = アカウントの氏名
linked-since = 連携した日時
begin-tap = カードをかざして始める
begin-sign-in = カードを使わず、ログインして始める
back-home = 最初のページに戻る
back-to-procedure = 手続きに戻る
back-to-options = 選択のページに戻る
start-again = 最初からやり直す
start-over = もう一度カードをかざして始める
end = 終わる（この画面の情報を消す）
leave = ログインのページに移ります
    .text = 大学のログインのページを開いています。開かないときは、下のボタンを押してください。
    .go = ログインのページを開く
