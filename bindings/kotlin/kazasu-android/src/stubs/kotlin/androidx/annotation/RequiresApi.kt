package androidx.annotation

/** Enough of androidx's annotation to compile against. It is in no jar, and nothing reads it in an app. */
@Retention(AnnotationRetention.BINARY)
annotation class RequiresApi(val value: Int)
