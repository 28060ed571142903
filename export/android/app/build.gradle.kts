plugins { id("com.android.application") }

android {
    namespace = "edgekd.demo"
    compileSdk = 35
    defaultConfig {
        applicationId = "edgekd.demo"
        minSdk = 24
        targetSdk = 35
        versionCode = 1
        versionName = "1.0"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
}

dependencies { implementation(project(":intents")) }
