package android.widget;

import android.text.TextWatcher;
import android.view.View;

public class TextView extends View {
    public final void setText(CharSequence text) {}

    public void addTextChangedListener(TextWatcher watcher) {}
}
